import { expect, test } from "vitest";
import { type AppName, type BranchName, type Identity, missingPermission, type Place, parseRole } from "../../../core/index.ts";

const blog = "blog" as AppName;
const who = (rights: Partial<Identity>): Identity => ({ name: "x", via: "ssh", from: "-", role: "admin", ...rights });
const branch = (name: string | null, app = blog): Place => ({ kind: "environment", app, branch: name as BranchName | null });
const may = (rights: Partial<Identity>, need: "admin" | "deploy" | "read", place: Place) =>
  missingPermission(who(rights), need, place) === null;

test("a role may do what the roles below it may", () => {
  const table = (["read", "deploy", "admin"] as const).map((role) =>
    (["read", "deploy", "admin"] as const).map((need) => may({ role }, need, { kind: "platform" })),
  );
  expect(table).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
});

test("a key for one app reaches nothing of another and nothing of the platform", () => {
  const key = { role: "deploy", app: blog } as const;
  expect(may(key, "deploy", branch("main"))).toBe(true);
  expect(may(key, "read", branch("main", "shop" as AppName))).toBe(false);
  expect(may(key, "read", { kind: "app", app: blog })).toBe(true);
  expect(may(key, "read", { kind: "platform" })).toBe(false);
});

test("a key for branches reaches production only where the pattern names its branch", () => {
  const key = { role: "deploy", app: blog, branches: "feature/*" } as const;
  expect(may(key, "deploy", branch("feature/a/b"))).toBe(true);
  for (const other of ["main", "feature", "xfeature/a", null]) expect(may(key, "deploy", branch(other))).toBe(false);
  expect(may({ ...key, branches: "main" }, "deploy", branch("main"))).toBe(true);
});

test("roles have names", () => {
  expect(parseRole("deploy")).toBe("deploy");
  expect(() => parseRole("root")).toThrow(/is not a role/);
});
