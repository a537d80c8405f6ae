/** Brings an environment to what a workload asks for, or leaves it as it was. */
import {
  type Convergence,
  duration,
  type EventSink,
  type HealthyInstance,
  type Instance,
  PushboatError,
  type Workload,
} from "../core/index.ts";
import type { InstanceTable } from "./instance-table.ts";
import type { Lives } from "./lives.ts";
import type { Logs } from "./logs/index.ts";
import { nextStage, plan, type Step, surplus, wanted } from "./plan.ts";
import type { Stop } from "./stop.ts";
import { instanceName, type Tracked } from "./tracked.ts";

export interface ConvergeParts {
  readonly table: InstanceTable;
  readonly lives: Lives;
  readonly logs: Logs;
  readonly stop: Stop;
  readonly snapshot: (instance: Tracked) => Instance;
}

export interface ConvergeOptions {
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

/** A deploy that fails has failed: what it started gets a shorter time to finish than what served. */
const UNDO_STOP_TIMEOUT_MS = 5_000;
const LAST_LINES = 20;

export async function converge(parts: ConvergeParts, workload: Workload, options: ConvergeOptions): Promise<Convergence> {
  const { table, lives } = parts;
  const started = new Set<string>();
  const actual = (): readonly Tracked[] => table.of(workload.environment);
  const undo = (): Promise<void> => parts.stop([...started], UNDO_STOP_TIMEOUT_MS);

  const begin = async (step: Extract<Step, { kind: "start" | "replace" }>): Promise<void> => {
    const replaces = step.kind === "replace" ? { crashed: step.crashed, crashes: step.crashed.crashes } : null;
    const id = lives.begin({ workload, type: step.type, index: step.index, replaces });
    started.add(id);
    await lives.ready(id, workload);
  };
  const executors: { readonly [K in Step["kind"]]: (step: Extract<Step, { kind: K }>) => Promise<void> } = {
    start: begin,
    replace: begin,
    // Somebody else's (the keeper's restart): where it fails, it is planned anew.
    await: async (step) => await lives.ready(step.instance.id, workload).catch(() => {}),
  };
  const execute = <K extends Step["kind"]>(step: Extract<Step, { kind: K }>): Promise<void> =>
    (executors[step.kind as K] as (step: Extract<Step, { kind: K }>) => Promise<void>)(step);

  try {
    for (let steps = next(); steps.length > 0; steps = next()) {
      const startedMs = performance.now();
      await unlessAborted(Promise.all(steps.map(execute)), options.signal);
      options.onEvent({ kind: "detail", text: stageText(steps, performance.now() - startedMs) });
    }
  } catch (error) {
    if (!options.signal.aborted) tellOutput(parts, started, options.onEvent);
    await undo();
    throw error;
  }
  const instances = wanted(workload, actual()).filter((instance) => instance.state === "up");
  return {
    healthy: instances.map((instance) => parts.snapshot(instance) as HealthyInstance),
    surplus: surplus(workload, actual()).map(parts.snapshot),
    undo,
  };

  /** The steps that are left; what we started and has crashed since it was up is a failure, not a step. */
  function next(): readonly Step[] {
    options.signal.throwIfAborted();
    for (const id of started) {
      const instance = table.get(id);
      if (instance?.state === "crashed") throw crashedLater(instance);
    }
    return nextStage(plan(workload, actual()));
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** `web.1, web.2 up after 312 ms` */
function stageText(steps: readonly Step[], tookMs: number): string {
  const names = steps.map((step) => instanceName(step.kind === "await" ? step.instance : step));
  const shown = names.length > 6 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  return `${shown} up after ${duration(tookMs)}`;
}

function crashedLater(instance: Tracked): PushboatError {
  return new PushboatError({
    code: "start/exited",
    message: `${instanceName(instance)} was up and then ${instance.reason ?? "ended"} before the others were ready`,
    hint: "Its last output is above.",
  });
}

/** The last lines of the one that failed: the first crashed one of ours. */
function tellOutput(parts: ConvergeParts, started: ReadonlySet<string>, onEvent: EventSink): void {
  const failed = [...started].map((id) => parts.table.get(id)).find((instance) => instance?.state === "crashed");
  if (failed === undefined) return;
  for (const text of parts.logs.lastLines(failed.logFile, LAST_LINES)) onEvent({ kind: "output", source: instanceName(failed), text });
}
