import { expect, test } from "vitest";
import { createExclusiveRunner } from "../../../control/exclusive-runner.ts";
import type { EnvironmentName } from "../../../core/index.ts";

const blog = "blog" as EnvironmentName;

test("work on one environment runs one after another, also behind work that fails; another environment does not wait", async () => {
  const runner = createExclusiveRunner();
  const order: string[] = [];
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const first = runner.run(blog, async () => {
    await gate;
    order.push("first");
    throw new Error("no");
  });
  const second = runner.run(blog, async () => void order.push("second"));
  await runner.run("other" as EnvironmentName, async () => void order.push("other"));
  open();
  await expect(first).rejects.toThrow("no");
  await second;
  expect(order).toEqual(["other", "first", "second"]);
});
