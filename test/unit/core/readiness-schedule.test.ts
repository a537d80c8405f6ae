import { expect, it } from "vitest";
import { readinessDelayMs } from "../../../core/index.ts";

it("asks after 5, 10 and 20 ms, every 20 ms for the first second, then every 50 ms", () => {
  expect(Array.from({ length: 6 }, (_, attempt) => readinessDelayMs(attempt))).toEqual([5, 10, 20, 20, 20, 20]);
  expect([52, 53, 54, 1000].map(readinessDelayMs)).toEqual([20, 50, 50, 50]);
});
