/** One-offs that nobody is attached to, with a row for each: they outlive control, and their end is written down whoever sees it. */
import { type CronConcurrency, type OneOffEnd, PushboatError } from "../core/index.ts";
import { currentWorkload } from "./current.ts";
import type { Deps } from "./deps.ts";
import { currentManifest } from "./environment-config.ts";
import { definitionOf } from "./one-off-script.ts";
import { oneOffSize } from "./sizes.ts";
import type { EnvironmentRecord, RunRecord } from "./store/index.ts";

export interface RunOrder {
  readonly environment: EnvironmentRecord;
  /** null: not of a cron job. */
  readonly job: string | null;
  readonly command: readonly string[];
  readonly by: string;
  readonly dueMs: number | null;
  readonly timeLimitMs: number;
}

export interface Runs {
  /** Answers when it was started. */
  start(order: RunOrder): Promise<RunRecord>;
  /** By the job's policy. */
  startJob(order: RunOrder, concurrency: CronConcurrency): Promise<RunRecord | { readonly refusedFor: readonly string[] }>;
  /** A time at which a job was due and did not run. */
  skip(order: RunOrder, reason: string): void;
  /** False: it does not run. */
  end(run: RunRecord, reason: string): Promise<boolean>;
  /** After the runtime has adopted: what should run and does not was lost. */
  settle(): void;
}

/** Of the output of one run, its end, beside what the log has. */
const OUTPUT_KEPT_CHARACTERS = 64 * 1024;

export function runName({ id, job }: Pick<RunRecord, "id" | "job">): string {
  return `${job === null ? "run" : "cron"}.${id}`;
}

export function createRuns(deps: Deps): Runs {
  const { store, runtime, now } = deps;

  const row = (order: RunOrder, release: number): number =>
    store.runs.begin({
      environment: order.environment.name,
      job: order.job,
      command: order.command.join(" "),
      release,
      by: order.by,
      dueMs: order.dueMs,
      startedMs: now(),
    });

  const noteEnd = ({ name, exitCode, reason, lastLines }: OneOffEnd): void => {
    const state = exitCode === 0 ? "done" : "failed";
    const output = lastLines.join("\n").slice(-OUTPUT_KEPT_CHARACTERS);
    store.runs.end(numberOf(name), { state, endedMs: now(), exitCode, reason, output });
  };
  runtime.onDetachedEnd((end) => {
    try {
      noteEnd(end);
    } catch (error) {
      deps.log.error({ err: error, run: end.name }, "noting the end of a run failed");
    }
  });

  const self: Runs = {
    async start(order) {
      const { environment, job, command } = order;
      const workload = await currentWorkload(deps, environment);
      const id = row(order, workload.release);
      const name = runName({ id, job });
      const definition = definitionOf(command);
      try {
        await runtime.startDetached({
          workload,
          name,
          definition,
          size: oneOffSize(deps.settings, environment, job === null ? "run" : "cron", currentManifest(deps, environment)),
          extraEnv: {},
          deadlineMs: now() + order.timeLimitMs,
        });
      } catch (error) {
        const reason = `could not be started: ${(error as Error).message}`;
        store.runs.end(id, { state: "failed", endedMs: now(), exitCode: null, reason, output: "" });
        throw error;
      }
      return requireRun(deps, environment, id);
    },
    async startJob(order, concurrency) {
      const before = store.runs.running(order.environment.name).filter(({ job }) => job === order.job);
      if (before.length > 0 && concurrency === "forbid") return { refusedFor: before.map(runName) };
      if (concurrency === "replace") await Promise.all(before.map((run) => self.end(run, "replaced by its next run")));
      return await self.start(order);
    },
    skip(order, reason) {
      const id = row(order, order.environment.currentRelease ?? 0);
      store.runs.end(id, { state: "skipped", endedMs: now(), exitCode: null, reason, output: "" });
      runtime.writeLog(order.environment.name, `pushboat[${runName({ id, job: order.job })}]`, `${order.job ?? ""} skipped: ${reason}`);
    },
    end: (run, reason) => runtime.endOneOff(run.environment, runName(run), reason),
    settle() {
      for (const run of store.runs.running()) {
        if (runtime.oneOffs(run.environment).some(({ name }) => name === runName(run))) continue;
        const reason = "it ended with the machine, or Pushboat was stopped";
        store.runs.end(run.id, { state: "lost", endedMs: now(), exitCode: null, reason, output: "" });
      }
    },
  };
  return self;
}

export function requireRun({ store }: Pick<Deps, "store">, environment: EnvironmentRecord, id: number): RunRecord {
  const run = store.runs.run(environment.name, id);
  if (run !== null) return run;
  throw new PushboatError({
    code: "run/unknown",
    message: `${environment.name} has no run ${id} (the last ones are kept)`,
    hint: `See \`cron:history ${environment.name}\`.`,
  });
}

function numberOf(name: string): number {
  return Number(name.slice(name.indexOf(".") + 1));
}
