/** Cron jobs as their owner sees and starts them, and the history of runs. */
import { type CronJob, nextDueMs, PushboatError } from "../core/index.ts";
import type { Control, RunSummary, Target } from "./api.ts";
import type { Deps } from "./deps.ts";
import { currentManifest } from "./environment-config.ts";
import { requireEnvironment, requireRelease } from "./find.ts";
import { type Runs, requireRun, runName } from "./runs.ts";
import type { EnvironmentRecord, RunRecord } from "./store/index.ts";

type CronActions = Pick<Control, "cronJobs" | "runCron" | "runDetached" | "runs" | "runOutput">;

export function createCronActions(deps: Deps, runs: Runs): CronActions {
  const { store, now } = deps;
  return {
    async cronJobs(target) {
      const environment = requireEnvironment(deps, target);
      return (currentManifest(deps, environment).cron ?? []).map((job) => {
        const last = store.runs.runs(environment.name, job.name, 1)[0];
        return { ...job, nextMs: job.suspended ? null : nextDueMs(job, now()), last: last === undefined ? null : summarize(last) };
      });
    },
    async runCron(target, name, actor) {
      const environment = requireEnvironment(deps, target);
      requireRelease(deps, environment);
      const { command, concurrency, timeLimitMs } = requireJob(deps, environment, name);
      store.access.audit(actor.identity, "cron:run", `${target.name} ${name}`, now());
      const order = { environment, job: name, command: [command], by: actor.identity.name, dueMs: null, timeLimitMs };
      const run = await runs.startJob(order, concurrency);
      if (!("refusedFor" in run)) return summarize(run);
      throw new PushboatError({
        code: "cron/running",
        message: `${name} of ${environment.name} still runs (${run.refusedFor.join(", ")}), and its concurrency policy is forbid`,
        hint: `Wait for its end, or end it: ps:stop ${environment.name} ${run.refusedFor[0]}`,
      });
    },
    async runDetached(target, command, timeLimitMs, actor) {
      const environment = requireEnvironment(deps, target);
      requireRelease(deps, environment);
      store.access.audit(actor.identity, "run", target.name, now());
      return summarize(await runs.start({ environment, job: null, command, by: actor.identity.name, dueMs: null, timeLimitMs }));
    },
    async runs(target, job, limit) {
      const environment = requireEnvironment(deps, target);
      if (job !== undefined && job !== null) requireKnown(deps, environment, job);
      return store.runs.runs(environment.name, job, limit).map(summarize);
    },
    async runOutput(target, id) {
      const environment = requireEnvironment(deps, target);
      const run = requireRun(deps, environment, id);
      if (run.state !== "running") return store.runs.output(run.id);
      return await loggedSoFar(deps, environment, runName(run));
    },
  };
}

/** Shown while it runs; the store has it from its end on. */
const LINES_SHOWN = 500;

async function loggedSoFar({ runtime }: Deps, { name }: EnvironmentRecord, process: string): Promise<string> {
  const query = { environment: name, lines: LINES_SHOWN, process, follow: false, signal: new AbortController().signal };
  const lines: string[] = [];
  for await (const { source, text } of runtime.logs(query)) if (source.startsWith("app[")) lines.push(text);
  return lines.join("\n");
}

function requireJob(deps: Deps, environment: EnvironmentRecord, name: string): CronJob {
  const jobs = currentManifest(deps, environment).cron ?? [];
  const job = jobs.find((one) => one.name === name);
  if (job !== undefined) return job;
  throw unknownJob(environment.name, name, jobs);
}

/** Also of earlier releases, as long as there is something to show. */
function requireKnown(deps: Deps, environment: EnvironmentRecord, name: string): void {
  if (deps.store.runs.runs(environment.name, name, 1).length === 0) requireJob(deps, environment, name);
}

function unknownJob(environment: Target["name"], name: string, jobs: readonly CronJob[]): PushboatError {
  return new PushboatError({
    code: "cron/unknown",
    message: `${environment} has no cron job called ${name}`,
    hint: jobs.length === 0 ? "Add it to app.json or pushboat.yml and push." : `There are: ${jobs.map((job) => job.name).join(", ")}`,
  });
}

function summarize(run: RunRecord): RunSummary {
  return { ...run, name: runName(run) };
}
