import { expect, test } from "vitest";
import { planUpdates } from "../../../control/push-plan.ts";
import type { BranchName, CommitId, RefUpdate } from "../../../core/index.ts";

const commit = "1".repeat(40) as CommitId;
const update = (branch: string): RefUpdate => ({ ref: `refs/heads/${branch}`, oldCommit: null, newCommit: commit });
const deletion = (branch: string): RefUpdate => ({ ref: `refs/heads/${branch}`, oldCommit: commit, newCommit: null });
const words = (updates: readonly RefUpdate[], production: string | null) =>
  planUpdates(updates, production as BranchName | null).steps.map((step) =>
    step.kind === "refuse"
      ? `refuse ${step.ref}`
      : `${step.kind} ${step.branch}${step.kind === "deploy" && step.production ? " to production" : ""}`,
  );

test("the first push of an app sets production: main if it is among the refs", () => {
  expect(words([update("x"), update("main")], null)).toEqual(["deploy main to production", "deploy x"]);
  expect(planUpdates([update("x"), update("main")], null).newProduction).toBe("main");
});

test("without main or master its only ref is production", () => {
  expect(words([update("trunk")], null)).toEqual(["deploy trunk to production"]);
});

test("several refs of which none is main or master leave the question open", () => {
  const { steps } = planUpdates([update("a"), update("b")], null);
  expect(steps.every((step) => step.kind === "refuse" && step.reason.includes("which branch is production"))).toBe(true);
});

test("production comes first and at most three deploy in one push", () => {
  expect(words(["a", "b", "c", "main", "d"].map(update), "main")).toEqual([
    "deploy main to production",
    "deploy a",
    "deploy b",
    "refuse refs/heads/c",
    "refuse refs/heads/d",
  ]);
});

test("deletions do not count as deploys and come first", () => {
  expect(words([update("main"), deletion("x"), deletion("y"), deletion("z")], "main")).toEqual([
    "delete x",
    "delete y",
    "delete z",
    "deploy main to production",
  ]);
});

test("a branch name that cannot be deployed refuses its own ref only", () => {
  expect(words([update("--"), update("main")], "main")).toEqual(["refuse refs/heads/--", "deploy main to production"]);
});
