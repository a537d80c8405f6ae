/** After a restart of control: what runs is taken up as it is; only the table and the watching are new. */
import type { Detached } from "./detached.ts";
import type { Container, Engine } from "./engine/contract.ts";
import { instanceFromLabels } from "./instance-labels.ts";
import type { InstanceTable } from "./instance-table.ts";
import type { Lives } from "./lives.ts";
import type { Logs } from "./logs/index.ts";
import { isAlive } from "./process-identity.ts";
import type { ReadyMarks } from "./ready-marks.ts";
import type { Tracked } from "./tracked.ts";

export interface AdoptParts {
  readonly engine: Engine;
  readonly table: InstanceTable;
  readonly lives: Lives;
  readonly detached: Pick<Detached, "adopt">;
  readonly logs: Logs;
  readonly marks: ReadyMarks;
  readonly complain: (what: string, error: unknown) => void;
}

/** Instances are adopted, the dead among them found crashed; detached one-offs go on; what served one command or build of a dead control is removed. */
export async function adopt(parts: AdoptParts): Promise<void> {
  const deaths: Promise<void>[] = [];
  for (const container of await parts.engine.list()) {
    const instance = instanceFromLabels(container);
    if (instance === null && parts.detached.adopt(container)) continue;
    if (instance === null) removeOrphan(parts, container);
    else if (!adoptInstance(parts, container, instance)) deaths.push(parts.lives.ended(container.id));
  }
  await Promise.all(deaths);
}

/** False: it is dead; the watch that begins here will find out how it ended. */
function adoptInstance({ table, lives, logs, marks }: AdoptParts, container: Container, found: Tracked): boolean {
  const living = isAlive(container);
  const mark = marks.of(container.id);
  const upSinceMs = mark?.upSinceMs ?? null;
  if (!living || mark === null) table.add({ ...found, upSinceMs });
  else table.add({ ...found, upSinceMs, sinceMs: mark.upSinceMs, state: mark.unready === null ? "up" : "unready", reason: mark.unready });
  if (living) logs.adoptFile(container.logFile, container.id);
  lives.adopt(container, found);
  return living;
}

function removeOrphan({ engine, complain }: AdoptParts, container: Container): void {
  engine
    .kill(container.id, "KILL")
    .then(() => engine.remove(container.id))
    .catch((error) => complain(`removing ${container.id}`, error));
}
