/** Jobs that run at set times: what app.json and pushboat.yml say, judged before the build, and when each is next. Pure. */
import { Cron } from "croner";
import { z } from "zod";
import type { AppJson } from "./app-json.ts";
import { PushboatError } from "./errors.ts";
import { quote } from "./names.ts";
import { parsePeriod } from "./period.ts";

/** What happens when a job is due and its last run still goes on. */
export type CronConcurrency = "allow" | "forbid" | "replace";

export interface CronJob {
  /** Unique in its environment: from pushboat.yml, or made of app.json's command. */
  readonly name: string;
  /** Five fields, or @daily and the like. */
  readonly schedule: string;
  /** IANA name. */
  readonly timezone: string;
  readonly command: string;
  readonly concurrency: CronConcurrency;
  /** Times that went by while control was down: one run for all of them, or none. */
  readonly missed: "run" | "skip";
  readonly timeLimitMs: number;
  /** Runs by `cron:run` only. */
  readonly suspended: boolean;
}

/** Those of Kubernetes (forbid is the safe one of its three), systemd (Persistent=true), and of a detached `run`. */
export const CRON_DEFAULTS = { timezone: "UTC", concurrency: "forbid", missed: "run", timeLimitMs: 24 * 3_600_000 } as const;

export const CRON_NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;

const job = z.strictObject({
  schedule: z.string().min(1),
  command: z.string().min(1),
  timezone: z.string().min(1).optional(),
  concurrency: z.enum(["allow", "forbid", "replace"]).optional(),
  missed: z.enum(["run", "skip"]).optional(),
  /** `90s`, `30m`, `6h`; a day at most. */
  timeout: z
    .string()
    .regex(/^([1-9]\d{0,4}[smh]|1d)$/, "must be like 90s, 30m or 6h, and at most 1d")
    .optional(),
  suspended: z.boolean().optional(),
});

/** `cron: { backup: { schedule: "0 3 * * *", command: bin/backup } }` of pushboat.yml. */
export const cronSection = z.record(
  z.string().regex(CRON_NAME_PATTERN, "must be a name of lower-case letters, digits and hyphens, at most 40 characters"),
  job,
);

export interface CronFiles {
  readonly appJson: AppJson["cron"];
  readonly yml: z.infer<typeof cronSection> | undefined;
  /** In a branch no job runs by itself unless it is told to: a copy that sends nobody's mails twice. */
  readonly suspended: boolean;
}

/** pushboat.yml wins where both name a job. Throws for a schedule or time zone that nothing can be made of. */
export function cronJobs({ appJson, yml, suspended }: CronFiles): readonly CronJob[] {
  const jobs = new Map<string, CronJob>();
  for (const [at, one] of (appJson ?? []).entries()) {
    const name = freeName(one.command, jobs);
    const judged = requireSchedule({
      file: "app.json",
      path: `cron/${at}/schedule`,
      schedule: one.schedule,
      timezone: CRON_DEFAULTS.timezone,
    });
    const concurrency = one.concurrency_policy ?? CRON_DEFAULTS.concurrency;
    jobs.set(name, {
      ...CRON_DEFAULTS,
      ...judged,
      name,
      command: one.command,
      concurrency,
      suspended: suspended || one.maintenance === true,
    });
  }
  for (const [name, one] of Object.entries(yml ?? {})) {
    const timezone = one.timezone ?? CRON_DEFAULTS.timezone;
    const judged = requireSchedule({ file: "pushboat.yml", path: `cron/${name}/schedule`, schedule: one.schedule, timezone });
    const timeLimitMs = Math.min(CRON_DEFAULTS.timeLimitMs, parsePeriod(one.timeout ?? "1d") ?? CRON_DEFAULTS.timeLimitMs);
    const { command, concurrency = CRON_DEFAULTS.concurrency, missed = CRON_DEFAULTS.missed } = one;
    jobs.set(name, { ...judged, name, command, concurrency, missed, timeLimitMs, suspended: suspended || one.suspended === true });
  }
  return [...jobs.values()];
}

/** The first time after `afterMs` at which it is due; null: never again. */
export function nextDueMs({ schedule, timezone }: Pick<CronJob, "schedule" | "timezone">, afterMs: number): number | null {
  return parse(schedule, timezone).nextRun(new Date(afterMs))?.getTime() ?? null;
}

/** The last time at or before `atMs` at which it was due. */
export function lastDueMs({ schedule, timezone }: Pick<CronJob, "schedule" | "timezone">, atMs: number): number | null {
  // croner looks before its reference, in whole seconds
  const reference = new Date(Math.floor(atMs / 1000) * 1000 + 1000);
  return parse(schedule, timezone).previousRuns(1, reference)[0]?.getTime() ?? null;
}

/** No timer: croner only parses and counts. Vixie cron's rule for days: either field fits where both are given. */
function parse(schedule: string, timezone: string): Cron {
  return new Cron(schedule, { timezone, mode: "5-part", paused: true });
}

const SCHEDULE_PATTERN = /^(@[a-z]+|\S+([ \t]+\S+){4})$/;

interface GivenSchedule {
  readonly file: string;
  readonly path: string;
  readonly schedule: string;
  readonly timezone: string;
}

function requireSchedule({ file, path, schedule, timezone }: GivenSchedule): Pick<CronJob, "schedule" | "timezone"> {
  const refuse = (seen: string): PushboatError =>
    new PushboatError({
      code: "manifest/cron",
      message: `${file}: ${path}: ${seen}`,
      hint: `Five fields (minute hour day month weekday: "0 3 * * *") or @hourly, @daily, @weekly, @monthly; mend ${file}, commit and push again.`,
    });
  // croner also takes a date, for one run
  if (!SCHEDULE_PATTERN.test(schedule)) throw refuse(`${quote(schedule)} is not a schedule`);
  if (!isTimezone(timezone)) throw refuse(`${quote(timezone)} is not a time zone (they are called like Europe/Berlin)`);
  try {
    if (nextDueMs({ schedule, timezone }, Date.UTC(2024, 0, 1)) === null) throw refuse(`${quote(schedule)} is never due`);
  } catch (error) {
    if (error instanceof PushboatError) throw error;
    throw refuse(`${quote(schedule)} is not a schedule: ${(error as Error).message.replace(/^CronPattern: /, "")}`);
  }
  return { schedule, timezone };
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** `npm run clean-up` -> `npm-run-clean-up`: stays the same when others are added before it. */
function freeName(command: string, taken: ReadonlyMap<string, unknown>): string {
  const slug = command.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const base = slug.slice(0, 32).replace(/^-+|-+$/g, "") || "job";
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!taken.has(name)) return name;
  }
}
