/** What a job's times ask for now. (job, up to when they were looked at, now) -> decision. Pure. */
import { type CronJob, lastDueMs, nextDueMs } from "../core/index.ts";

export interface CronQuestion {
  readonly job: Pick<CronJob, "schedule" | "timezone" | "missed">;
  /** Up to when its times were looked at; null: it is new, or its schedule is. */
  readonly sinceMs: number | null;
  readonly nowMs: number;
}

export type CronDecision =
  /** Nothing is due. nextMs null: never again. */
  | { readonly kind: "wait"; readonly sinceMs: number; readonly nextMs: number | null }
  | { readonly kind: "run"; readonly dueMs: number; readonly late: boolean }
  /** Due while nobody looked, and its owner does not want it late. */
  | { readonly kind: "missed"; readonly dueMs: number };

/** Later than this it was missed: control was down, or the clock was set forward. */
export const LATE_AFTER_MS = 60_000;
/** A clock that was set back by more than this: the times in between come again. Less is a clock being corrected. */
const SET_BACK_MS = 60_000;

export function decideCron({ job, sinceMs, nowMs }: CronQuestion): CronDecision {
  if (sinceMs === null || sinceMs > nowMs + SET_BACK_MS) return { kind: "wait", sinceMs: nowMs, nextMs: nextDueMs(job, nowMs) };
  const nextMs = nextDueMs(job, sinceMs);
  if (nextMs === null || nextMs > nowMs) return { kind: "wait", sinceMs, nextMs };
  // However many times went by, one run stands for all of them.
  const dueMs = lastDueMs(job, nowMs) ?? nextMs;
  const late = nowMs - dueMs > LATE_AFTER_MS;
  return late && job.missed === "skip" ? { kind: "missed", dueMs } : { kind: "run", dueMs, late };
}
