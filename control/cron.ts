/** Runs the jobs of each environment's current release when they are due: one timer, and marks in the store, so that a restart goes on. */
import { allStopped, type CronJob, type EnvironmentName } from "../core/index.ts";
import { decideCron } from "./cron-due.ts";
import type { Deps } from "./deps.ts";
import { currentManifest } from "./environment-config.ts";
import type { RunOrder, Runs } from "./runs.ts";
import type { EnvironmentRecord } from "./store/index.ts";

export interface CronScheduler {
  start(): void;
  /** Starts what is due, and sets the timer for what comes next. Also for whoever knows that something became current. */
  look(): void;
  close(): void;
}

/** Also where nothing is due: a clock that was set is noticed. */
const LOOK_AT_LEAST_EVERY_MS = 30_000;
const BY = "cron";

interface KnownJobs {
  /** What they were read from. */
  readonly of: string;
  readonly jobs: readonly CronJob[];
}

export function createCron(deps: Deps, runs: Runs): CronScheduler {
  const { store, now, log } = deps;
  const known = new Map<EnvironmentName, KnownJobs>();
  let timer: NodeJS.Timeout | null = null;
  let started = false;

  /** Manifests are sealed with the release: opened once for each. Whatever rests now has missed nothing when it goes on. */
  const jobsOf = (environment: EnvironmentRecord): readonly CronJob[] => {
    const stopped = allStopped(store.releases.stops(environment.name), store.releases.formation(environment.name));
    const of = `${environment.createdMs} ${environment.currentRelease}${stopped ? " stopped" : ""}`;
    const cached = known.get(environment.name);
    if (cached?.of === of) return cached.jobs;
    const jobs = stopped ? [] : (currentManifest(deps, environment).cron ?? []).filter(({ suspended }) => !suspended);
    const names = jobs.map(({ name }) => name);
    store.runs.keepMarks(environment.name, names);
    known.set(environment.name, { of, jobs });
    return jobs;
  };

  /** Answers when to look at it again. */
  const lookAt = (environment: EnvironmentRecord, job: CronJob): number | null => {
    const rule = `${job.schedule} ${job.timezone}`;
    const sinceMs = store.runs.mark(environment.name, job.name, rule);
    const decision = decideCron({ job, sinceMs, nowMs: now() });
    if (decision.kind === "wait") {
      if (decision.sinceMs !== sinceMs) store.runs.setMark(environment.name, job.name, rule, decision.sinceMs);
      return decision.nextMs;
    }
    const { dueMs } = decision;
    // Before it starts: killed in between, it does not run twice.
    store.runs.setMark(environment.name, job.name, rule, dueMs);
    const order = { environment, job: job.name, command: [job.command], by: BY, dueMs, timeLimitMs: job.timeLimitMs };
    if (decision.kind === "missed") runs.skip(order, "Pushboat was not running when it was due");
    else
      runDue(order, job).catch((error) => {
        log.warn({ err: error, environment: environment.name, job: job.name }, "a cron job could not be run");
      });
    return now();
  };

  const runDue = async (order: RunOrder, job: CronJob): Promise<void> => {
    const begun = await runs.startJob(order, job.concurrency);
    if ("refusedFor" in begun) runs.skip(order, `its last run (${begun.refusedFor.join(", ")}) still goes on`);
  };

  const lookAtAll = (): number => {
    let nextMs = now() + LOOK_AT_LEAST_EVERY_MS;
    for (const environment of store.apps.environments()) {
      if (environment.currentRelease === null || environment.ending) continue;
      for (const job of jobsOf(environment)) nextMs = Math.min(nextMs, lookAt(environment, job) ?? nextMs);
    }
    return nextMs;
  };

  const look = (): void => {
    if (!started) return;
    clearTimeout(timer ?? undefined);
    let nextMs = now() + LOOK_AT_LEAST_EVERY_MS;
    try {
      nextMs = lookAtAll();
    } catch (error) {
      log.error({ err: error }, "looking for cron jobs that are due failed");
    }
    timer = setTimeout(look, Math.max(0, nextMs - now()));
  };

  return {
    start() {
      started = true;
      look();
    },
    look,
    close() {
      started = false;
      clearTimeout(timer ?? undefined);
    },
  };
}
