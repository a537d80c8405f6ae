/** cron: the jobs of an environment, when each is next, how its last run ended. */
import type { CronSummary } from "../../control/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { RUN_SHAPE, runJson } from "../json-forms.ts";
import { outcomeOf } from "../run-text.ts";
import { heading, shortened, table } from "../table.ts";
import { isoTime, when } from "../when.ts";

export const cron: EnvironmentCommand = {
  name: "cron",
  aliases: ["cron:list"],
  summary: "Show the cron jobs of an environment",
  details: "They come from app.json and pushboat.yml of the current release. In a branch they rest unless they are told to run there.",
  target: "environment",
  words: [],
  examples: ["cron blog", "cron blog@staging --json"],
  json: `[{name, schedule, timezone, command, concurrency, missed, timeLimitSeconds, suspended, next, last:${RUN_SHAPE}}]`,
  prepare:
    ({ target }) =>
    async ({ control, progress, nowMs }) => {
      const jobs = await control.cronJobs(target);
      if (jobs.length === 0) progress.note(`${target.name} has no cron jobs: docs/processes.md says how to add them.`);
      return result(
        jobs.map(cronJson),
        jobs.length === 0 ? [] : [heading(`${target.name} Cron Jobs`), ...table(jobs.map((job) => row(job, nowMs)))],
      );
    },
};

function row(job: CronSummary, nowMs: number): readonly string[] {
  const { name, schedule, timezone, suspended, nextMs, last, command } = job;
  return [
    name,
    `${schedule} ${timezone}`,
    suspended ? "suspended" : nextMs === null ? "never again" : `next ${isoTime(nextMs)}`,
    last === null ? "no run yet" : `${last.name} ${outcomeOf(last)} ${when(last.endedMs ?? last.startedMs, nowMs)}`,
    shortened(command),
  ];
}

function cronJson({ name, schedule, timezone, command, concurrency, missed, timeLimitMs, suspended, nextMs, last }: CronSummary): object {
  return {
    name,
    schedule,
    timezone,
    command,
    concurrency,
    missed,
    timeLimitSeconds: timeLimitMs / 1000,
    suspended,
    next: nextMs === null ? null : isoTime(nextMs),
    last: last === null ? null : runJson(last),
  };
}
