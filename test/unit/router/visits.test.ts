import { expect, test } from "vitest";
import type { EnvironmentName } from "../../../core/index.ts";
import { Visits } from "../../../router/visits.ts";

const [blog, shop] = ["blog@x", "shop@y"] as EnvironmentName[] as [EnvironmentName, EnvironmentName];

test("an environment is idle since its last request ended, and not while one is in flight", () => {
  const visits = new Visits();
  visits.enter(blog);
  visits.enter(blog);
  visits.leave(blog, 1000);
  expect(visits.idleMs(5000)).toEqual({ [blog]: 0 });
  visits.leave(blog, 2000);
  expect(visits.idleMs(5000)).toEqual({ [blog]: 3000 });
});

test("a wake is said once, to those who come later too, and again after the environment was awake", () => {
  const visits = new Visits();
  const heard: string[] = [];
  const stop = visits.onWake((environment) => heard.push(environment));
  visits.wake(blog);
  visits.wake(blog);
  expect(heard).toEqual([blog]);
  const late: string[] = [];
  visits.onWake((environment) => late.push(environment));
  expect(late).toEqual([blog]);
  visits.keepOnly(new Set([blog]), new Set());
  stop();
  visits.wake(blog);
  expect([heard.length, late.length]).toEqual([1, 2]);
});

test("what left the table is forgotten", () => {
  const visits = new Visits();
  for (const environment of [blog, shop]) {
    visits.enter(environment);
    visits.leave(environment, 0);
  }
  visits.keepOnly(new Set([shop]), new Set());
  expect(visits.idleMs(10)).toEqual({ [shop]: 10 });
});
