/** The life of each instance: started, ready, ended. Changes the table; decides nothing about what comes after a crash. */
import type { Workload } from "../core/index.ts";
import { type Birth, instanceSpec, newborn, processOf } from "./birth.ts";
import { becomeReady, CLOSED, type Life, NEVER } from "./boot.ts";
import { newContainerId } from "./container-id.ts";
import type { Container, Engine } from "./engine/contract.ts";
import { exitReason } from "./exit-reason.ts";
import type { InstanceTable } from "./instance-table.ts";
import type { Logs } from "./logs/index.ts";
import { stoppedError } from "./start-failure.ts";
import { instanceName, isLiving, type Tracked } from "./tracked.ts";

export interface LivesParts {
  readonly engine: Engine;
  readonly table: InstanceTable;
  readonly logs: Logs;
  readonly now: () => number;
  /** What it came up against before it ended; null: nothing. */
  readonly pressureOf: (id: string) => string | null;
  /** For what nobody waits for. */
  readonly complain: (what: string, error: unknown) => void;
}

export interface Lives {
  /** Starts an instance; the table has it as `starting` before this returns. */
  begin(birth: Birth): string;
  /** Takes up one that was started by an earlier supervisor. */
  adopt(container: Container, instance: Tracked): void;
  /** Resolves when it is up; throws a PushboatError when it does not come up. */
  ready(id: string, workload: Workload): Promise<void>;
  /** Resolves when its init has ended (or could not be started). */
  ended(id: string): Promise<void>;
  /** Resolves when its start is over, one way or the other: before that it cannot be stopped. */
  started(id: string): Promise<void>;
  /** Ends one that is up, for this reason; it has crashed then. */
  condemn(id: string, verdict: string): Promise<void>;
  /** It was removed. */
  forget(id: string): void;
  /** Ends all watching; the containers run on. */
  close(): void;
}

/** A dead instance seldom hears TERM; meanwhile its place is empty. */
const CONDEMNED_MS = 5_000;

export function createLives(parts: LivesParts): Lives {
  const { engine, table, logs, now, complain } = parts;
  const lives = new Map<string, Life>();
  const closing = new AbortController();

  function begin(birth: Birth): string {
    const { environment } = birth.workload;
    const name = instanceName(birth);
    const id = newContainerId(environment, name);
    const instance = newborn(birth, { id, logFile: logs.instanceFile(environment, name, id), nowMs: now() });
    if (birth.replaces !== null) takePlace(birth.replaces.crashed);
    table.add(instance);
    live(instance, engine.start(instanceSpec(birth, instance)));
    ready(id, birth.workload).catch(() => {});
    return id;
  }

  /** The dead one leaves the table now and the machine a little later. */
  function takePlace(crashed: Tracked): void {
    table.drop(crashed.id);
    forget(crashed.id);
    engine.remove(crashed.id).catch((error) => complain(`removing ${crashed.id}`, error));
  }

  function live(instance: Tracked, container: Promise<Container>): void {
    const over = new AbortController();
    const life: Life = { startedMs: now(), container, over, ended: watch(instance.id, container), exit: null, verdict: null, ready: null };
    lives.set(instance.id, life);
  }

  /** Until its end: then it has crashed, unless somebody is stopping it. */
  async function watch(id: string, started: Promise<Container>): Promise<void> {
    try {
      const container = await started;
      if (table.get(id)?.pid !== container.pid) table.change(id, { pid: container.pid, ip: container.ip });
    } catch (error) {
      return end(id, `could not be started: ${error instanceof Error ? error.message : String(error)}`);
    }
    try {
      const exit = await engine.wait(id, closing.signal);
      const life = lives.get(id);
      if (life !== undefined) life.exit = exit;
      end(id, life?.verdict ?? [exitReason(exit, table.get(id)?.memoryLimitBytes ?? 0), parts.pressureOf(id)].filter(Boolean).join(", "));
    } catch (error) {
      if (!closing.signal.aborted) complain(`watching ${id}`, error);
      else await NEVER; // it runs on, and nobody here will know when it ends
    }
  }

  function end(id: string, reason: string): void {
    const instance = table.get(id);
    if (instance !== undefined && isLiving(instance)) table.change(id, { state: "crashed", sinceMs: now(), pid: null, reason });
    if (instance !== undefined) logs.ended(instance.logFile);
    lives.get(id)?.over.abort();
  }

  function ready(id: string, workload: Workload): Promise<void> {
    const life = lives.get(id);
    const instance = table.get(id);
    if (life === undefined || instance === undefined) return Promise.reject(stoppedError(id));
    if (instance.state === "up" || instance.state === "unready") return Promise.resolve();
    life.ready ??= becomeReady(parts, { instance, life, workload, process: processOf(workload, instance.type) });
    return life.ready;
  }

  /** Out of the rotation first; it may put its things in order for a moment. */
  async function condemn(id: string, verdict: string): Promise<void> {
    const life = lives.get(id);
    if (life === undefined) return;
    life.verdict = verdict;
    if (table.get(id)?.state === "up") table.change(id, { state: "unready", sinceMs: now(), reason: verdict });
    await engine.kill(id, "TERM");
    const timer = setTimeout(() => engine.kill(id, "KILL").catch((error) => complain(`ending ${id}`, error)), CONDEMNED_MS);
    await life.ended;
    clearTimeout(timer);
  }

  function forget(id: string): void {
    lives.get(id)?.over.abort();
    lives.delete(id);
  }

  return {
    begin,
    adopt: (container, instance) => live(instance, Promise.resolve(container)),
    ready,
    condemn,
    ended: async (id) => await lives.get(id)?.ended,
    started: async (id) => {
      await lives.get(id)?.container.catch(() => {});
    },
    forget,
    close: () => {
      closing.abort();
      for (const life of lives.values()) life.over.abort(CLOSED);
    },
  };
}
