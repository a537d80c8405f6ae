import { expect, test } from "vitest";
import { nextTryMs } from "../../../control/recover.ts";
import { PushboatError } from "../../../core/index.ts";

const delays = (error: unknown): readonly number[] => {
  const all: number[] = [];
  for (let delayMs = nextTryMs(1, error); delayMs !== null; delayMs = nextTryMs(all.length + 1, error)) all.push(delayMs);
  return all;
};

test("what was committed is tried for 40 s, less and less often, and then no more", () => {
  expect(delays(new Error("the router hangs"))).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
});

test("an image that is missing does not come back: 3 s", () => {
  expect(delays(new PushboatError({ code: "release/image-missing", message: "it is missing" }))).toEqual([200, 400, 800, 1600]);
});
