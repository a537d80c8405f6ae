import { expect, test } from "vitest";
import { type AppName, type BranchName, hostLabel } from "../../../core/index.ts";

const label = (branch: string, app = "blog") => hostLabel(app as AppName, branch as BranchName);

test("production answers at the app's own label", () => {
  expect(hostLabel("blog" as AppName, null)).toBe("blog");
});

test("a branch whose slug says everything keeps it", () => {
  expect(label("feature-x")).toBe("feature-x--blog");
});

test.each([
  ["feature/x", "a slash is lost"],
  ["Feature-x", "upper case is lost"],
  ["qa", "two characters would make an R-LDH label"],
  ["xn-abc", "xn is punycode's"],
  ["Ünïcode", "letters are lost"],
  ["---", "nothing is left"],
  ["a--b", "two hyphens separate branch and app"],
  ["x".repeat(100), "it is too long for a label"],
])("%s gets its hash, because %s", (branch) => {
  const made = label(branch);
  expect(made).toMatch(/^[a-z0-9]([a-z0-9-]*)-[a-z2-7]{6}--blog$/);
  expect(made.length).toBeLessThanOrEqual(63);
  expect(made.slice(2, 4)).not.toBe("--");
  expect(made.startsWith("xn")).toBe(false);
});

test("branches that look alike as slugs have different labels", () => {
  expect(new Set(["a/b", "a-b", "A-B", "a_b", "a.b"].map((branch) => label(branch))).size).toBe(5);
});

test("the longest app name leaves room for the longest branch", () => {
  expect(label("y".repeat(200), "a".repeat(30)).length).toBeLessThanOrEqual(63);
});
