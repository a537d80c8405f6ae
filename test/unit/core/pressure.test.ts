import { expect, test } from "vitest";
import { judgePressure, NO_PRESSURE, type PressureSample } from "../../../core/index.ts";

const MB = 1024 ** 2;
const sample = (patch: Partial<PressureSample> = {}): PressureSample => ({ disk: null, pids: 256, pidRefusals: 0, ...patch });
const disk = (usedMegabytes: number) => sample({ disk: { usedBytes: usedMegabytes * MB, limitBytes: 1024 * MB } });

test("a writable layer that is nearly full is told with its limit, and no more when there is room again", () => {
  expect(judgePressure(disk(900), NO_PRESSURE, 0).reason).toBeNull();
  expect(judgePressure(disk(1020), NO_PRESSURE, 0).reason).toBe("disk limit reached (1 GB)");
});

test("a refused process is told for a minute after the last time", () => {
  const first = judgePressure(sample({ pidRefusals: 3 }), NO_PRESSURE, 1_000);
  expect(first.reason).toBe("process limit reached (256)");
  const later = judgePressure(sample({ pidRefusals: 3 }), first.history, 62_000);
  expect(later.reason).toBeNull();
  expect(judgePressure(sample({ pidRefusals: 4 }), later.history, 63_000).reason).toBe("process limit reached (256)");
});

test("both are told", () => {
  expect(judgePressure({ ...disk(1024), pidRefusals: 1 }, NO_PRESSURE, 0).reason).toBe(
    "disk limit reached (1 GB), process limit reached (256)",
  );
});
