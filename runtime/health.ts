/** Checks what is kept and up, for as long as it is: out of the rotation, back into it, or ended and replaced. */
import { setTimeout as sleep } from "node:timers/promises";
import { decideHealth, type EnvironmentName, type HealthCheck, type HealthHistory, type Workload } from "../core/index.ts";
import { processOf } from "./birth.ts";
import type { Engine } from "./engine/contract.ts";
import type { InstanceTable } from "./instance-table.ts";
import { ask } from "./probe.ts";
import { probeTarget } from "./probe-target.ts";
import type { Tracked } from "./tracked.ts";

export interface HealthParts {
  readonly engine: Engine;
  readonly table: InstanceTable;
  readonly kept: (environment: EnvironmentName) => Workload | undefined;
  /** Ends an instance for this reason; what comes after is the keeper's. */
  readonly condemn: (id: string, reason: string) => Promise<void>;
  readonly now: () => number;
  readonly complain: (what: string, error: unknown) => void;
}

export interface Health {
  /** Takes up what is up of the kept workload and is not watched yet. */
  look(environment: EnvironmentName): void;
  /** What is stopped where it is answers nobody and is not asked. */
  pause(environment: EnvironmentName): void;
  resume(environment: EnvironmentName): void;
  close(): void;
}

interface Watch {
  readonly id: string;
  readonly kind: HealthHistory["kind"];
  /** Which of its kind: each has its own count of failures. */
  readonly place: number;
  readonly signal: AbortSignal;
}

export function createHealth(parts: HealthParts): Health {
  const { table, kept, complain } = parts;
  const watches = new Map<string, AbortController>();
  const paused = new Set<EnvironmentName>();
  /** Readiness checks of an instance that fail at the moment: it comes back when none does. */
  const failing = new Map<string, Set<number>>();

  function look(environment: EnvironmentName): void {
    const workload = kept(environment);
    if (workload === undefined) return;
    for (const instance of table.of(environment)) if (isWatchable(instance, workload)) begin(instance, workload);
  }

  function begin(instance: Tracked, workload: Workload): void {
    const { health } = processOf(workload, instance.type);
    if (watches.has(instance.id) || health.readiness.length + health.liveness.length === 0) return;
    const over = new AbortController();
    watches.set(instance.id, over);
    for (const kind of ["readiness", "liveness"] as const) {
      for (const place of health[kind].keys()) {
        watch({ id: instance.id, kind, place, signal: over.signal }).catch((error) => {
          if (!over.signal.aborted) complain(`checking ${instance.id}`, error);
        });
      }
    }
  }

  function end(id: string): void {
    watches.get(id)?.abort();
    watches.delete(id);
    failing.delete(id);
  }

  async function watch(watched: Watch): Promise<void> {
    let failures = 0;
    for (;;) {
      const before = current(watched);
      if (before === null) return end(watched.id);
      await sleep(before.check.waitMs, undefined, { signal: watched.signal });
      if (paused.has(before.instance.environment)) continue;
      const target = probeTarget(parts.engine, before.workload, before.instance);
      const answer = await ask(target, before.check.probe, { timeoutMs: before.check.timeoutMs, signal: watched.signal });
      watched.signal.throwIfAborted();
      const after = current(watched);
      if (after === null || paused.has(after.instance.environment)) continue;
      const decision = decideHealth(
        { kind: watched.kind, check: after.check, inRotation: after.instance.state === "up", failures },
        answer,
      );
      failures = decision.failures;
      if (watched.kind === "readiness") note(watched, failures >= after.check.attempts);
      if (decision.action === "leave") table.change(watched.id, { state: "unready", sinceMs: parts.now(), reason: decision.reason });
      if (decision.action === "return" && (failing.get(watched.id)?.size ?? 0) === 0)
        table.change(watched.id, { state: "up", sinceMs: parts.now(), reason: null });
      if (decision.action === "end") return await parts.condemn(watched.id, decision.reason ?? "is dead");
    }
  }

  function note({ id, place }: Watch, fails: boolean): void {
    const places = failing.get(id) ?? new Set();
    if (fails) places.add(place);
    else places.delete(place);
    failing.set(id, places);
  }

  /** null: nobody keeps it any more. */
  function current({ id, kind, place }: Watch): { instance: Tracked; workload: Workload; check: HealthCheck } | null {
    const instance = table.get(id);
    const workload = instance === undefined ? undefined : kept(instance.environment);
    if (instance === undefined || workload === undefined || !isWatchable(instance, workload)) return null;
    const check = processOf(workload, instance.type).health[kind][place];
    return check === undefined ? null : { instance, workload, check };
  }

  table.onChange((before, after) => {
    if (after === null && before !== null) end(before.id);
    else if (after !== null && before?.state !== after.state) {
      if (after.state === "up") look(after.environment);
      else if (after.state !== "unready") end(after.id);
    }
  });

  return {
    look,
    pause: (environment) => void paused.add(environment),
    resume: (environment) => void paused.delete(environment),
    close: () => {
      for (const over of watches.values()) over.abort();
      watches.clear();
    },
  };
}

/** What serves: up or unready, of the release that is kept. */
function isWatchable(instance: Tracked, workload: Workload): boolean {
  if (instance.state !== "up" && instance.state !== "unready") return false;
  return instance.revision === workload.revision && workload.processes.some((process) => process.type === instance.type);
}
