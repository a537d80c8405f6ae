/** One-offs that nobody is attached to: started, adopted, ended at their time limit, and their end told. */
import type { DetachedSpec, EnvironmentName, InstanceUsage, OneOffEnd, RunningOneOff } from "../core/index.ts";
import { newContainerId } from "./container-id.ts";
import { containerSpec } from "./container-spec.ts";
import { type DetachedFacts, detachedFromLabels, detachedLabels } from "./detached-labels.ts";
import type { Container, Engine } from "./engine/contract.ts";
import { exitReason } from "./exit-reason.ts";
import type { Logs } from "./logs/index.ts";

export interface DetachedParts {
  readonly engine: Engine;
  readonly logs: Logs;
  readonly stopTimeoutMs: number;
  readonly now: () => number;
  readonly complain: (what: string, error: unknown) => void;
  /** It has an address from here on. */
  readonly onStart: (environment: EnvironmentName) => void;
  readonly onEnd: (end: OneOffEnd) => void;
}

export interface Detached {
  start(spec: DetachedSpec): Promise<void>;
  /** False: it is none. */
  adopt(container: Container): boolean;
  running(): readonly RunningOneOff[];
  usage(environment: EnvironmentName): readonly InstanceUsage[];
  addresses(): readonly { readonly ip: string; readonly environment: EnvironmentName }[];
  /** TERM, `stopTimeoutMs`, KILL. False: there is none of this name. */
  end(environment: EnvironmentName, name: string, reason: string): Promise<boolean>;
  /** Kills those of an environment, or all, and waits until they are removed. */
  endAll(environment?: EnvironmentName): Promise<void>;
  /** Ends all watching; the containers run on. */
  close(): void;
}

interface Entry extends DetachedFacts {
  readonly container: Container;
  /** Why we end it ourselves. */
  verdict: string | null;
  timer: NodeJS.Timeout | null;
  over: Promise<void>;
}

/** What is remembered of the output beside the log. */
const LAST_LINES = 500;
/** setTimeout takes no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function createDetached(parts: DetachedParts): Detached {
  const { engine, logs, now, complain } = parts;
  const entries = new Set<Entry>();
  const starting = new Set<Promise<unknown>>();
  const closing = new AbortController();

  async function start(spec: DetachedSpec): Promise<void> {
    const { environment, release } = spec.workload;
    const id = newContainerId(environment, spec.name);
    const found = {
      environment,
      name: spec.name,
      release,
      sinceMs: now(),
      memoryLimitBytes: spec.size.memoryBytes,
      deadlineMs: spec.deadlineMs,
    };
    const logFile = logs.instanceFile(environment, spec.name, id);
    const begun = engine
      .start(containerSpec({ ...spec, id, logFile, labels: detachedLabels(found) }))
      .then((container) => track(found, container));
    starting.add(begun);
    try {
      await begun;
    } catch (error) {
      logs.ended(logFile);
      throw error;
    } finally {
      starting.delete(begun);
    }
    tell(found, "started");
  }

  function track(found: DetachedFacts, container: Container): void {
    const entry: Entry = { ...found, container, verdict: null, timer: null, over: Promise.resolve() };
    entries.add(entry);
    parts.onStart(found.environment);
    entry.timer = setTimeout(() => void atDeadline(entry), Math.min(LONGEST_TIMER_MS, Math.max(0, found.deadlineMs - now())));
    entry.over = watch(entry)
      .catch((error) => complain(`watching ${container.id}`, error))
      .finally(() => clearTimeout(entry.timer ?? undefined));
  }

  async function watch(entry: Entry): Promise<void> {
    const { container, environment, name } = entry;
    const exit = await engine.wait(container.id, closing.signal).catch((error) => {
      if (closing.signal.aborted) return null; // it runs on, and the next control watches it
      throw error;
    });
    if (exit === null) return;
    const reason = entry.verdict ?? exitReason(exit, entry.memoryLimitBytes);
    tell(entry, reason);
    // Told before it is removed: killed in between, the next control tells it once more, which changes nothing.
    parts.onEnd({
      environment,
      name,
      exitCode: exit.unknown ? null : exit.exitCode,
      reason,
      lastLines: logs.lastLines(container.logFile, LAST_LINES),
    });
    logs.ended(container.logFile);
    entries.delete(entry);
    await engine.remove(container.id);
  }

  async function atDeadline(entry: Entry): Promise<void> {
    await endEntry(entry, "ended after its time limit").catch((error) => complain(`ending ${entry.container.id}`, error));
  }

  async function endEntry(entry: Entry, reason: string): Promise<void> {
    entry.verdict ??= reason;
    const kill = (): void => void engine.kill(entry.container.id, "KILL").catch((error) => complain(`ending ${entry.container.id}`, error));
    await engine.kill(entry.container.id, "TERM");
    const timer = setTimeout(kill, parts.stopTimeoutMs);
    await entry.over;
    clearTimeout(timer);
  }

  function tell({ environment, name }: Pick<Entry, "environment" | "name">, text: string): void {
    logs.write(environment, `pushboat[${name}]`, text);
  }

  return {
    start,
    adopt: (container) => {
      const found = detachedFromLabels(container);
      if (found === null) return false;
      logs.adoptFile(container.logFile, container.id);
      track(found, container);
      return true;
    },
    running: () =>
      [...entries].map(({ environment, name, release, sinceMs, container }) => ({
        environment,
        name,
        release,
        sinceMs,
        pid: container.pid,
        memoryBytes: engine.memoryBytes(container.id),
      })),
    addresses: () => [...entries].flatMap(({ environment, container: { ip } }) => (ip === null ? [] : [{ ip, environment }])),
    usage: (environment) =>
      [...entries]
        .filter((entry) => entry.environment === environment)
        .map(({ name, memoryLimitBytes, container: { id } }) => ({
          ...engine.counters(id),
          ...{ name, id, state: "up" as const, restarts: 0, memoryLimitBytes, memoryBytes: engine.memoryBytes(id) },
        })),
    end: async (environment, name, reason) => {
      const entry = [...entries].find((one) => one.environment === environment && one.name === name);
      if (entry === undefined) return false;
      await endEntry(entry, reason);
      return true;
    },
    endAll: async (environment) => {
      await Promise.allSettled(starting);
      const ending = [...entries].filter((one) => environment === undefined || one.environment === environment);
      for (const entry of ending) {
        entry.verdict ??= "ended by the platform";
        await engine.kill(entry.container.id, "KILL");
      }
      await Promise.all(ending.map((one) => one.over));
    },
    close: () => {
      closing.abort();
      for (const entry of entries) clearTimeout(entry.timer ?? undefined);
    },
  };
}
