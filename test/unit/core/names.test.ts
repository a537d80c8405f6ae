import { expect, test } from "vitest";
import {
  parseAppName,
  parseBranchName,
  parseEnvironmentName,
  parseHostName,
  parseProcessType,
  parseVolumeName,
  quote,
} from "../../../core/index.ts";

test.each(["blog", "my-blog", "a1", "a".repeat(30)])("%s is a name for an app", (name) => {
  expect(parseAppName(name)).toBe(name);
});

test.each([
  "",
  "..",
  "a/b",
  "Blog",
  "a".repeat(31),
  "a".repeat(200),
  "-a",
  "a-",
  "a--b",
  "1a",
  "a;b",
  "a$b",
  "a b",
  "a\nb",
  "../x",
  "a.git",
])("%j is refused as a name for an app", (name) => {
  expect(() => parseAppName(name)).toThrow(/is not a name for an app/);
});

test.each(["git", "www", "api", "admin", "pushboat"])("%s is reserved", (name) => {
  expect(() => parseAppName(name)).toThrow(/reserved/);
});

test.each(["main", "a/b", "Ünïcode", "qa", "feature_x.1", "x".repeat(100)])("branch %s can be deployed", (name) => {
  expect(parseBranchName(name)).toBe(name);
});

test.each([
  "",
  "--",
  "-x",
  "a..b",
  "a b",
  "a\tb",
  "a~b",
  "a^b",
  "a:b",
  "a?b",
  "a*b",
  "a[b",
  "a\\b",
  "a//b",
  "/a",
  "a/",
  "a.",
  ".a",
  "a/.b",
  "a.lock",
  "a@{b",
  "@",
  "x".repeat(201),
])("branch %j is refused", (name) => {
  expect(() => parseBranchName(name)).toThrow(/is not a branch name/);
});

test("app@branch names an environment, and the branch may hold another @", () => {
  expect(parseEnvironmentName("blog@feature/x@2")).toEqual({ app: "blog", branch: "feature/x@2", name: "blog@feature/x@2" });
  expect(parseEnvironmentName("blog").branch).toBeNull();
});

test("host names are lower-cased and lose their trailing dot; addresses are not host names", () => {
  expect(parseHostName("WWW.Example.COM.")).toBe("www.example.com");
  for (const bad of ["", "a..b", "-a.b", "10.0.0.1", "a_b.c", "a b", `${"a".repeat(64)}.com`])
    expect(() => parseHostName(bad)).toThrow(/is not a host name/);
});

test("process types and volume names", () => {
  expect(parseProcessType("web_2-x")).toBe("web_2-x");
  expect(() => parseProcessType("Web")).toThrow();
  expect(() => parseVolumeName("../etc")).toThrow(/is not a name for a volume/);
});

test("quoted text from outside holds no control or direction characters", () => {
  expect(quote("a\u001b[31m\u202eb\u0085")).toBe('"a\\u001b[31m\\u202eb\\u0085"');
  expect(quote("x".repeat(100)).length).toBeLessThanOrEqual(62);
});
