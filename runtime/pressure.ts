/** Looks now and then how near to their limits instances are: what they come up against is said in `ps` and in their log. */
import { judgePressure, NO_PRESSURE, type PressureHistory } from "../core/index.ts";
import type { Engine } from "./engine/contract.ts";
import type { InstanceTable } from "./instance-table.ts";
import type { Logs } from "./logs/index.ts";
import { isLiving, supervisorSource, type Tracked } from "./tracked.ts";

export interface PressureParts {
  readonly engine: Engine;
  readonly table: InstanceTable;
  readonly logs: Logs;
  readonly now: () => number;
}

export interface PressureWatch {
  /** As it is now, also of one that has just ended. */
  reason(id: string): string | null;
  close(): void;
}

/** Three system calls for each instance; what is full stays so for longer. */
const LOOK_EVERY_MS = 5_000;

export function createPressureWatch(parts: PressureParts): PressureWatch {
  const { engine, table, logs, now } = parts;
  const histories = new Map<string, PressureHistory>();
  /** What was said last about each that runs. */
  const told = new Map<string, string>();

  const reason = (id: string): string | null => {
    const sample = engine.pressure(id);
    if (sample === null) return null;
    const verdict = judgePressure(sample, histories.get(id) ?? NO_PRESSURE, now());
    histories.set(id, verdict.history);
    return verdict.reason;
  };

  const look = (instance: Tracked): void => {
    const seen = reason(instance.id);
    const before = told.get(instance.id) ?? null;
    if (seen === before) return;
    if (seen === null) told.delete(instance.id);
    else told.set(instance.id, seen);
    if (seen !== null) logs.write(instance.environment, supervisorSource(instance), capitalized(seen));
    // Another reason (unready, say) counts for more than this one.
    if (instance.reason === before) table.change(instance.id, { reason: seen });
  };

  const timer = setInterval(() => {
    for (const instance of table.all()) if (isLiving(instance)) look(instance);
  }, LOOK_EVERY_MS);

  table.onChange((before, after) => {
    if (after !== null || before === null) return;
    histories.delete(before.id);
    told.delete(before.id);
  });

  return { reason, close: () => clearInterval(timer) };
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
