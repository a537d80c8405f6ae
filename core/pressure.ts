/** How an instance that comes up against its limits says so. Pure. */
import { formatBytes } from "./bytes.ts";

export interface PressureSample {
  /** null: its writable layer has no limit. */
  readonly disk: { readonly usedBytes: number; readonly limitBytes: number } | null;
  readonly pids: number;
  /** Since its start. */
  readonly pidRefusals: number;
}

export interface PressureHistory {
  readonly pidRefusals: number;
  /** Epoch milliseconds; null: never. */
  readonly lastRefusedMs: number | null;
}

export const NO_PRESSURE: PressureHistory = { pidRefusals: 0, lastRefusedMs: null };

/** Tables of the filesystem take their part: an app is refused a little before all is used. */
const DISK_FULL_PART = 0.98;
/** A refused process is worth a word for so long. */
const REFUSAL_TOLD_MS = 60_000;

export interface PressureVerdict {
  readonly history: PressureHistory;
  /** `disk limit reached (1 GB)`, `process limit reached (256)`; null: all is well. */
  readonly reason: string | null;
}

export function judgePressure(sample: PressureSample, before: PressureHistory, nowMs: number): PressureVerdict {
  const { disk, pids, pidRefusals } = sample;
  const history = pidRefusals > before.pidRefusals ? { pidRefusals, lastRefusedMs: nowMs } : before;
  const reasons = [
    ...(disk !== null && disk.usedBytes >= disk.limitBytes * DISK_FULL_PART
      ? [`disk limit reached (${formatBytes(disk.limitBytes)})`]
      : []),
    ...(history.lastRefusedMs !== null && nowMs - history.lastRefusedMs < REFUSAL_TOLD_MS ? [`process limit reached (${pids})`] : []),
  ];
  return { history, reason: reasons.length === 0 ? null : reasons.join(", ") };
}
