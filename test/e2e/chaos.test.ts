/** Every piece killed at random moments. CHAOS_KILLS=200 CHAOS_MINUTES=60 is the long form (docs/reliability.md); CHAOS_SEED repeats a run. */
import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runChaos } from "../support/chaos/chaos.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";

const KILLS = Number(process.env["CHAOS_KILLS"] ?? 14);
const SEED = Number(process.env["CHAOS_SEED"] ?? randomInt(1_000_000));
const WITHIN_MS = Number(process.env["CHAOS_MINUTES"] ?? 3) * 60_000;
const TEST_TIMEOUT_MS = WITHIN_MS + 300_000;

describe("kill -9 at random moments of a stream of changes", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000", PUSHBOAT_STOP_TIMEOUT_MS: "1000" } });
  });
  afterAll(() => platform?.stop());

  it(`${KILLS} kills: an app that nobody killed fails no request, nothing is lost, doubled or left over`, {
    timeout: TEST_TIMEOUT_MS,
  }, async () => {
    const report = await runChaos({
      platform,
      kills: KILLS,
      seed: SEED,
      withinMs: WITHIN_MS,
      say: (line) => process.stdout.write(`${line}\n`),
    });
    // Slow ones are the machine's.
    expect(
      report.unexplained.filter((failure) => !/ \d+ ms$/.test(failure)),
      `CHAOS_SEED=${SEED}`,
    ).toEqual([]);
    expect(report.wrongs, `CHAOS_SEED=${SEED}`).toEqual([]);
    // A container whose monitor was killed runs on without one: there may be fewer, never more.
    expect({ ...report.after, monitors: 0 }, `CHAOS_SEED=${SEED}`).toEqual({ ...report.before, monitors: 0 });
    expect(report.after.monitors).toBeLessThanOrEqual(report.before.monitors);
    expect(report.requests).toBeGreaterThan(100);
  });
});
