/** Runs (detached one-offs, cron jobs) as text. */
import type { RunSummary } from "../control/index.ts";
import { shortened } from "./table.ts";
import { when } from "./when.ts";

/** `running`, `done`, `failed (exited with code 1)` */
export function outcomeOf({ state, reason }: RunSummary): string {
  return state === "running" || state === "done" || reason === null ? state : `${state} (${reason})`;
}

export function runRow(run: RunSummary, nowMs: number): readonly string[] {
  const { name, job, release, by, startedMs, endedMs, command } = run;
  const took = endedMs === null ? "" : `${Math.round((endedMs - startedMs) / 100) / 10} s`;
  return [name, job ?? shortened(command), `v${release}`, by, when(startedMs, nowMs), took, outcomeOf(run)];
}
