import { pino } from "pino";
import { expect, test } from "vitest";
import { createAdmission } from "../../../control/admission.ts";
import type { Deps } from "../../../control/deps.ts";
import { createExclusiveRunner } from "../../../control/exclusive-runner.ts";
import type { RouteFeed } from "../../../control/route-feed.ts";
import { createSleep } from "../../../control/sleep.ts";
import type { EnvironmentName } from "../../../core/index.ts";

test("a wake that fails while the router does not answer ends there: control lives on", async () => {
  const apps = {
    environment: () => {
      throw new Error("the disk is full");
    },
    setAsleep: () => undefined,
  };
  const deps = { store: { apps }, runtime: {}, exclusive: createExclusiveRunner(), now: Date.now, log: pino({ level: "silent" }) };
  const routes = { publishNew: () => Promise.reject(new Error("no answer within 10 s")) };
  const sleep = createSleep(deps as unknown as Deps, routes as unknown as RouteFeed, createAdmission());
  await expect(sleep.wake("blog@x" as EnvironmentName)).resolves.toBeUndefined();
});
