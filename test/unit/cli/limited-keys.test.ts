/** What a key that is limited to an app or to branches reaches through a command that names more than one thing. */
import { expect, test } from "vitest";
import type { AppName } from "../../../core/index.ts";
import { call } from "./call.ts";

const app = "blog" as AppName;
const ofApp = { role: "deploy", app } as const;
const ofFeatures = { ...ofApp, branches: "feature*" } as const;

test.each([
  ["promote to production", ["promote", "blog@feature-x", "blog"]],
  ["compare with production", ["envs:diff", "blog@feature-x", "blog"]],
  ["share a key of production with its own branch, which would show its value", ["config:share", "blog", "SECRET_KEY"]],
])("a key limited to feature branches may not %s", async (_, argv) => {
  const { exitCode, asked, stderr } = await call(argv, { rights: ofFeatures });
  expect(stderr).toContain("[access/denied]");
  expect(exitCode).toBe(1);
  expect(asked.filter(({ method }) => method !== "app")).toEqual([]);
});

test("a key limited to one app may not look at another app by comparing", async () => {
  const { stderr, asked } = await call(["envs:diff", "blog", "shop"], { rights: ofApp });
  expect(stderr).toContain("this key is for the app blog only");
  expect(asked).toEqual([]);
});

test("a key limited to feature branches still looks at its app, and promotes between its branches", async () => {
  expect((await call(["envs", "blog"], { rights: ofFeatures })).exitCode).toBe(0);
  expect((await call(["promote", "blog@feature-x", "blog@feature-y"], { rights: ofFeatures })).exitCode).toBe(0);
});
