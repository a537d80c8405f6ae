/** From started to up: the wait for readiness of one instance, and what is said and done when it does not come up. */
import { WEB, type Workload, type WorkloadProcess } from "../core/index.ts";
import type { Container, ContainerExit, Engine } from "./engine/contract.ts";
import type { InstanceTable } from "./instance-table.ts";
import { socketName } from "./listening-sockets.ts";
import type { Logs } from "./logs/index.ts";
import { probeTarget } from "./probe-target.ts";
import { isAlive } from "./process-identity.ts";
import { awaitChecks, awaitUpFor, awaitWebReady } from "./readiness.ts";
import { engineError, failureReason, type StartFailure, startError, stoppedError } from "./start-failure.ts";
import { instanceName, supervisorSource, type Tracked } from "./tracked.ts";

export interface BootParts {
  readonly engine: Engine;
  readonly table: InstanceTable;
  readonly logs: Logs;
  readonly now: () => number;
  /** What an instance came up against before it ended; null: nothing. */
  readonly pressureOf: (id: string) => string | null;
}

export interface Life {
  readonly startedMs: number;
  readonly container: Promise<Container>;
  readonly ended: Promise<void>;
  /** Aborted when it has ended or is being forgotten. */
  readonly over: AbortController;
  exit: ContainerExit | null;
  /** Why we killed it ourselves. */
  verdict: string | null;
  ready: Promise<void> | null;
}

/** Why a wait ended when the supervisor is closed: nobody may act on it then, since the instance runs on. */
export const CLOSED = Symbol("closed");
export const NEVER = new Promise<never>(() => {});

export interface Boot {
  readonly instance: Tracked;
  readonly life: Life;
  readonly workload: Workload;
  readonly process: WorkloadProcess;
}

export async function becomeReady(parts: BootParts, boot: Boot): Promise<void> {
  const { instance, life } = boot;
  const name = instanceName(instance);
  const container = await life.container.catch((error) => {
    throw engineError(name, error);
  });
  const failure = await watchReadiness(parts, boot, container);
  if (failure === null) return comeUp(parts, boot);
  if (failure.kind !== "exited") await condemn(parts, boot, failureReason(failure));
  throw startError(name, failure);
}

/** It may have ended between the last look and now. */
function comeUp(parts: BootParts, boot: Boot): void {
  const { table, now } = parts;
  const { instance } = boot;
  if (table.get(instance.id)?.state !== "starting") throw startError(instanceName(instance), exitFailure(parts, boot));
  const sinceMs = now();
  table.change(instance.id, { state: "up", sinceMs, upSinceMs: sinceMs, reason: null });
}

async function watchReadiness(parts: BootParts, boot: Boot, container: Container): Promise<StartFailure | null> {
  const { instance, life, process, workload } = boot;
  const { signal } = life.over;
  const target = probeTarget(parts.engine, workload, { ...instance, ip: container.ip });
  const question = { target, isAlive: () => isAlive(container), rule: process.readiness, signal };
  try {
    if (instance.type !== WEB || container.ip === null)
      return await (process.readiness.checks.length > 0 ? awaitChecks(question) : awaitUpFor(process.readiness, signal));
    return await awaitWebReady({
      ...question,
      pid: container.pid,
      onWrongPort: (sockets) =>
        parts.logs.write(
          instance.environment,
          supervisorSource(instance),
          `Listens on ${sockets.map(socketName).join(", ")}, not yet on $PORT`,
        ),
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    if (signal.reason === CLOSED) return await NEVER;
    return exitFailure(parts, boot);
  }
}

function exitFailure({ table, now, pressureOf }: BootParts, { instance, life }: Boot): StartFailure {
  if (life.exit === null || table.get(instance.id)?.state !== "crashed") throw stoppedError(instanceName(instance));
  return {
    kind: "exited",
    exit: life.exit,
    afterMs: now() - life.startedMs,
    memoryLimitBytes: instance.memoryLimitBytes,
    pressure: pressureOf(instance.id),
  };
}

/** What did not boot in its time is ended; that counts as a crash. */
async function condemn({ engine }: BootParts, { instance, life }: Boot, verdict: string): Promise<void> {
  life.verdict = verdict;
  await engine.kill(instance.id, "KILL");
  await life.ended;
}
