/** Ends instances: TERM to all their processes, time to finish, KILL, every kernel object removed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "./engine/contract.ts";
import type { InstanceTable } from "./instance-table.ts";
import type { Lives } from "./lives.ts";
import { isLiving } from "./tracked.ts";

export interface StopParts {
  readonly engine: Engine;
  readonly table: InstanceTable;
  readonly lives: Lives;
  readonly now: () => number;
}

export type Stop = (ids: readonly string[], timeoutMs: number) => Promise<void>;

/** What KILL cannot end within this time hangs in the kernel; then the removal says what it sees. */
const KILL_TIMEOUT_MS = 10_000;

/** Side by side and idempotent: whoever asks for one that is being stopped waits for the same stop. */
export function createStop(parts: StopParts): Stop {
  const stopping = new Map<string, Promise<void>>();
  return async (ids, timeoutMs) => {
    const all = ids.map((id) => {
      const running = stopping.get(id) ?? stopOne(parts, id, timeoutMs).finally(() => stopping.delete(id));
      stopping.set(id, running);
      return running;
    });
    const failed = (await Promise.allSettled(all)).find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  };
}

async function stopOne(parts: StopParts, id: string, timeoutMs: number): Promise<void> {
  const { engine, table, lives, now } = parts;
  const instance = table.get(id);
  if (instance === undefined) return;
  const lived = isLiving(instance);
  if (instance.state !== "stopping") table.change(id, { state: "stopping", sinceMs: now(), restartAtMs: null });
  await lives.started(id);
  if (lived) await end(parts, id, timeoutMs);
  await engine.remove(id);
  table.change(id, { state: "down", sinceMs: now(), pid: null, ip: null });
  lives.forget(id);
  table.drop(id);
}

async function end({ engine, lives }: StopParts, id: string, timeoutMs: number): Promise<void> {
  const ended = lives.ended(id);
  if (timeoutMs > 0) {
    await engine.kill(id, "TERM");
    if (await within(ended, timeoutMs)) return;
  }
  await engine.kill(id, "KILL");
  await within(ended, KILL_TIMEOUT_MS);
}

async function within(promise: Promise<void>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const timeout = sleep(timeoutMs, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([promise.then(() => true), timeout]);
  timer.abort();
  return done;
}
