import { expect, test } from "vitest";
import { createSteadyClock } from "../../../control/steady-clock.ts";

const HOUR_MS = 3_600_000;

function given() {
  const at = { wallMs: 1_000_000, monotonicMs: 0 };
  const clock = createSteadyClock({ now: () => at.wallMs, monotonicNow: () => at.monotonicMs });
  const pass = (ms: number, jumpMs = 0) => {
    at.wallMs += ms + jumpMs;
    at.monotonicMs += ms;
    return clock.isSteady();
  };
  return { pass };
}

test("A clock that goes on as it should is believed, however long nobody looked", () => {
  const { pass } = given();
  expect([pass(10_000), pass(100 * HOUR_MS), pass(10_000, 30_000)]).toEqual([true, true, true]);
});

test("One that was set ahead is believed after an hour, or as soon as it is set back", () => {
  const { pass } = given();
  expect([pass(10_000, 5000 * HOUR_MS), pass(10_000), pass(HOUR_MS - 20_000), pass(10_000)]).toEqual([false, false, false, true]);
  expect([pass(10_000, 5000 * HOUR_MS), pass(10_000, -5000 * HOUR_MS)]).toEqual([false, true]);
});
