import { expect, it } from "vitest";
import { decideCron } from "../../../control/cron-due.ts";

const at = (text: string): number => Date.parse(`2026-08-01T${text}Z`);
const hourly = { schedule: "0 * * * *", timezone: "UTC", missed: "run" } as const;

it("a job that is new begins to count now: what was before is not missed", () => {
  expect(decideCron({ job: hourly, sinceMs: null, nowMs: at("10:30:00") })).toEqual({
    kind: "wait",
    sinceMs: at("10:30:00"),
    nextMs: at("11:00:00"),
  });
});

it("a job is due at its time, once", () => {
  expect(decideCron({ job: hourly, sinceMs: at("10:00:00"), nowMs: at("10:59:59") })).toMatchObject({
    kind: "wait",
    sinceMs: at("10:00:00"),
  });
  expect(decideCron({ job: hourly, sinceMs: at("10:00:00"), nowMs: at("11:00:00") })).toEqual({
    kind: "run",
    dueMs: at("11:00:00"),
    late: false,
  });
  expect(decideCron({ job: hourly, sinceMs: at("11:00:00"), nowMs: at("11:00:00") })).toMatchObject({
    kind: "wait",
    nextMs: at("12:00:00"),
  });
});

it("many times that went by while nobody looked are one run, or none where that is wanted", () => {
  const down = { sinceMs: at("03:00:00"), nowMs: at("09:20:00") };
  expect(decideCron({ job: hourly, ...down })).toEqual({ kind: "run", dueMs: at("09:00:00"), late: true });
  expect(decideCron({ job: { ...hourly, missed: "skip" }, ...down })).toEqual({ kind: "missed", dueMs: at("09:00:00") });
  expect(decideCron({ job: { ...hourly, missed: "skip" }, sinceMs: at("03:00:00"), nowMs: at("09:00:20") })).toMatchObject({ kind: "run" });
});

it("a clock that is corrected by seconds runs nothing twice; one that is set back by hours counts anew", () => {
  expect(decideCron({ job: hourly, sinceMs: at("11:00:00"), nowMs: at("10:59:50") })).toMatchObject({
    kind: "wait",
    nextMs: at("12:00:00"),
  });
  expect(decideCron({ job: hourly, sinceMs: at("11:00:00"), nowMs: at("05:30:00") })).toEqual({
    kind: "wait",
    sinceMs: at("05:30:00"),
    nextMs: at("06:00:00"),
  });
});
