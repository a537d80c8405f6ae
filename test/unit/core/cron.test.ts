import { describe, expect, it } from "vitest";
import { type BranchName, lastDueMs, nextDueMs, PushboatError, readManifest } from "../../../core/index.ts";

const at = (text: string): number => Date.parse(text);
const jobs = (appJson: object | null, pushboatYml: string | null, branch: string | null = null) =>
  readManifest({ appJson: appJson === null ? null : JSON.stringify(appJson), pushboatYml }, branch as BranchName | null).cron;
const refusal = (appJson: object | null, pushboatYml: string | null): string => {
  try {
    jobs(appJson, pushboatYml);
  } catch (error) {
    if (error instanceof PushboatError) return `${error.code} ${error.message}`;
  }
  return "nothing was refused";
};

describe("jobs of a commit", () => {
  it("come from app.json, named after their command, with Kubernetes' safe policy", () => {
    const cron = [
      { command: "npm run clean", schedule: "@daily" },
      { command: "npm run clean", schedule: "0 3 * * *", concurrency_policy: "replace", maintenance: true },
    ];
    expect(jobs({ cron }, null)).toMatchObject([
      { name: "npm-run-clean", schedule: "@daily", timezone: "UTC", concurrency: "forbid", missed: "run", suspended: false },
      { name: "npm-run-clean-2", concurrency: "replace", suspended: true },
    ]);
  });

  it("come from pushboat.yml with time zone, time limit and what a missed time means", () => {
    const yml = "cron: { backup: { schedule: '0 3 * * *', command: bin/backup, timezone: Europe/Berlin, missed: skip, timeout: 30m } }";
    expect(jobs(null, yml)).toEqual([
      {
        name: "backup",
        schedule: "0 3 * * *",
        timezone: "Europe/Berlin",
        command: "bin/backup",
        concurrency: "forbid",
        missed: "skip",
        timeLimitMs: 1_800_000,
        suspended: false,
      },
    ]);
  });

  it("rest in a branch, unless somebody wrote that they shall run there", () => {
    const app = { cron: [{ command: "mail", schedule: "@daily" }] };
    expect(jobs(app, null, "feature-x")).toMatchObject([{ suspended: true }]);
    expect(jobs(app, "environments: { staging: { cron: true } }", "staging")).toMatchObject([{ suspended: false }]);
    expect(jobs(app, "environments: { staging: { cron: true } }", "feature-x")).toMatchObject([{ suspended: true }]);
    const review = { ...app, environments: { review: { cron: [{ command: "seed", schedule: "@hourly" }] } } };
    expect(jobs(review, null, "feature-x")).toMatchObject([{ name: "seed", suspended: false }]);
  });

  it.each([
    ["0 3 * *", 'manifest/cron app.json: cron/0/schedule: "0 3 * *" is not a schedule'],
    ["61 * * * *", 'manifest/cron app.json: cron/0/schedule: "61 * * * *" is not a schedule: Invalid value for minute: 61'],
    ["* * * * * *", 'manifest/cron app.json: cron/0/schedule: "* * * * * *" is not a schedule'],
    ["0 0 31 2 *", 'manifest/cron app.json: cron/0/schedule: "0 0 31 2 *" is never due'],
    ["@reboot", 'manifest/cron app.json: cron/0/schedule: "@reboot" is not a schedule: @reboot is not supported'],
    ["2026-01-01T00:00:00Z", 'manifest/cron app.json: cron/0/schedule: "2026-01-01T00:00:00Z" is not a schedule'],
  ])("refuses %s with the file and the place", (schedule, expected) => {
    expect(refusal({ cron: [{ command: "x", schedule }] }, null)).toContain(expected);
  });

  it("refuses a time zone that there is not, and keys that are not known", () => {
    expect(refusal(null, "cron: { a: { schedule: '@daily', command: x, timezone: Mars/Olympus } }")).toBe(
      'manifest/cron pushboat.yml: cron/a/schedule: "Mars/Olympus" is not a time zone (they are called like Europe/Berlin)',
    );
    expect(refusal(null, "cron: { a: { schedule: '@daily', command: x, every: day } }")).toContain('cron/a: "every" is not known here');
  });
});

describe("times", () => {
  const berlin = { schedule: "30 2 * * *", timezone: "Europe/Berlin" };
  it("are next after a point in time, never at it", () => {
    const five = { schedule: "*/5 * * * *", timezone: "UTC" };
    expect(nextDueMs(five, at("2026-01-01T00:05:00Z"))).toBe(at("2026-01-01T00:10:00Z"));
    expect(nextDueMs(five, at("2026-01-01T00:04:59.999Z"))).toBe(at("2026-01-01T00:05:00Z"));
    expect(lastDueMs(five, at("2026-01-01T00:05:00Z"))).toBe(at("2026-01-01T00:05:00Z"));
    expect(lastDueMs(five, at("2026-01-01T00:04:59.999Z"))).toBe(at("2026-01-01T00:00:00Z"));
  });
  it("that the summer time leaves out come once, right behind the gap; those that it repeats come once", () => {
    expect(nextDueMs(berlin, at("2026-03-28T12:00:00Z"))).toBe(at("2026-03-29T01:00:00Z"));
    expect(nextDueMs(berlin, at("2026-03-29T01:00:00Z"))).toBe(at("2026-03-30T00:30:00Z"));
    expect(nextDueMs(berlin, at("2026-10-24T12:00:00Z"))).toBe(at("2026-10-25T00:30:00Z"));
    expect(nextDueMs(berlin, at("2026-10-25T00:30:00Z"))).toBe(at("2026-10-26T01:30:00Z"));
  });
});
