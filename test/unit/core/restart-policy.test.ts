import { expect, test } from "vitest";
import { decideRestart, RESTART_POLICY } from "../../../core/index.ts";

const NOW = 10_000_000;
const upFor = (ms: number): number => NOW - ms;

test.each([
  [0, null, 0, "restarting at once (crash 1)"],
  [4, null, 0, "restarting at once (crash 5)"],
  [5, null, 10_000, "restarting in 10 s (crash 6)"],
  [14, null, 10_000, "restarting in 10 s (crash 15)"],
  [15, null, 30_000, "restarting in 30 s (crash 16)"],
  [500, null, 30_000, "restarting in 30 s (crash 501)"],
  [500, upFor(299_999), 30_000, "restarting in 30 s (crash 501)"],
  [500, upFor(300_000), 0, "restarting at once (crash 1)"],
])("after %i crashes, last up since %s, it waits %i ms: %s", (crashes, upSinceMs, delayMs, reason) => {
  const decision = decideRestart(RESTART_POLICY, { crashes, upSinceMs }, NOW);
  expect(decision).toMatchObject({ delayMs, reason, decision: delayMs === 0 ? "at-once" : "delayed" });
});

test("Crashes add up from one history to the next until they are forgotten", () => {
  let crashes = 0;
  for (let crash = 1; crash <= 20; crash += 1) ({ crashes } = decideRestart(RESTART_POLICY, { crashes, upSinceMs: null }, NOW));
  expect(crashes).toBe(20);
  expect(decideRestart(RESTART_POLICY, { crashes, upSinceMs: upFor(300_000) }, NOW).crashes).toBe(1);
});

test.each([
  ["back by a day", -86_400_000, { crashes: 7, delayMs: 10_000 }],
  ["forward by a year", 365 * 86_400_000, { crashes: 1, delayMs: 0 }],
])("A clock that jumped %s neither keeps an instance down nor makes its wait longer than the policy's", (_, jumpMs, expected) => {
  expect(decideRestart(RESTART_POLICY, { crashes: 6, upSinceMs: upFor(1000) }, NOW + jumpMs)).toMatchObject(expected);
});
