import { expect, test } from "vitest";
import { readinessDelayMs } from "../../../core/index.ts";

test("An instance is asked after 5, 10, 20 and then every 50 ms", () => {
  expect(Array.from({ length: 6 }, (_, attempt) => readinessDelayMs(attempt))).toEqual([5, 10, 20, 50, 50, 50]);
});
