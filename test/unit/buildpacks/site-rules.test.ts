/** _redirects, _headers and static.json: what they come to, and what is said of a line that is wrong. */
import { describe, expect, it } from "vitest";
import { BUILDPACKS, type BuildPlan, choosePlan } from "../../../buildpacks/index.ts";
import { PushboatError } from "../../../core/index.ts";
import { type Files, sourceOf } from "./source-of.ts";

const plan = (files: Files): BuildPlan => choosePlan(sourceOf({ "index.html": "", ...files }), BUILDPACKS);

function fault(files: Files): string {
  try {
    plan(files);
  } catch (error) {
    if (error instanceof PushboatError) return `${error.message} [${error.code}]`;
  }
  return "it was accepted";
}

describe("_redirects", () => {
  it.each([
    ["/a", 'line 1: "/a" has no target'],
    ["# fine\n\n/a /b 200 more", 'line 3: "more" is one word too many'],
    ["/a /b 299", 'line 1: "299" is none of the statuses'],
    ["a /b", 'line 1: "a" is not a path'],
    ["/a//*/* /b", 'line 1: "/a//*/*" is not a path'],
    ["/a\\d /b", "is not a path"],
    ["/a //evil.example.com", '"//evil.example.com" is neither a path that begins with one / nor an http address'],
    ["/a ftp://x/y", "nor an http address"],
    ["/a/:id /b/:name", '"/b/:name" uses :name, which "/a/:id" does not catch'],
    ["/api/* https://api.example.com/:splat 200", "is on another host: fetching from there (status 200) is not done here"],
    ["https://www.example.com/* /:splat", "names a host"],
    ["/a /b 302 Country=us", "conditions (Country=us) are not known here"],
    ["/store id=:id /blog/:id", "conditions (id=:id) are not known here"],
  ])("%j is refused: %s", (text, expected) => {
    expect(fault({ _redirects: text })).toContain(expected);
    expect(fault({ _redirects: text })).toMatch(/^_redirects: line \d: .*\[build\/site-rules\]$/);
  });

  it("may be windows' own lines, comments and spaces of any width", () => {
    expect(plan({ _redirects: "# old\r\n/a\t\t/b  # why\r\n\r\n" }).env["SITE_MISSING"]).toBe(
      'if ($sent_path ~ "^/a/?$") { return 301 "/b$is_args$args"; }',
    );
  });

  it("come before files only where they are forced", () => {
    const { env } = plan({ _redirects: "/a /b 301!\n/c/* /d/:splat 200" });
    expect(env["SITE_FIRST"]).toBe('if ($sent_path ~ "^/a/?$") { return 301 "/b$is_args$args"; }');
    expect(env["SITE_MISSING"]).toBe('if ($uri ~ "^/c(?:/(?<site_splat>.*))?$") { rewrite ^ "/d/\u0024{site_splat}" break; }');
  });

  it("hold no way to write nginx's configuration", () => {
    expect(fault({ _redirects: '/a"{;} /b' })).toContain("is not a path");
    const { env } = plan({ _redirects: '/a /b";return$x\\' });
    expect(env["SITE_MISSING"]).toContain('return 301 "/b\\";return\u0024{site_dollar}x\\\\$is_args$args"');
  });
});

describe("_headers", () => {
  it.each([
    ["X-A: b", 'line 1: "X-A: b" is not a path'],
    ["  X-A: b", "line 1: a header before the first path"],
    ["/*\n  nonsense", 'line 2: "nonsense" is not  Name: value'],
    ["/*\n  Bad Name: x", 'line 2: "Bad Name" is not the name of a header'],
    ["/*\n  X-A:", "line 2: X-A has no value"],
    ["/*\n  ! X-A", "line 2: taking a header away"],
    ["/*\n  Content-Length: 3", "line 2: Content-Length is the server's to set"],
    ["/*\n  Basic-Auth: a:b", "line 2: passwords are not asked for here"],
    ["/*\n  Content-Type: text/x", "line 2: Content-Type follows from a file's ending"],
  ])("%j is refused: %s", (text, expected) => {
    expect(fault({ "public/index.html": "", "public/_headers": text })).toContain(`public/_headers: ${expected}`);
  });
});

describe("static.json", () => {
  it.each([
    ["{\n root: 1}", "static.json: line 2: column 2"],
    ['{"root": "../x"}', "root: must be a directory of the repository"],
    ['{"rot": "x"}', '"rot" is not known here'],
    ['{"proxies": {}}', "proxies: fetching from another host is not done here"],
    ['{"basic_auth": true}', "basic_auth: passwords are not asked for here"],
    ['{"redirects": {"/a": {"url": "nowhere"}}}', 'redirects//a: "nowhere" is neither a path'],
    ['{"headers": {"/**": {"Content-Length": "1"}}}', "headers//**: Content-Length is the server's to set"],
  ])("%j is refused: %s", (text, expected) => {
    expect(fault({ "static.json": text })).toContain(expected);
  });

  it("says what is served, and is looked at for a built site too", () => {
    const { processes, meaning } = plan({ "static.json": '{"root": "www/", "error_page": "errors/404.html"}' });
    expect(JSON.stringify(processes)).toContain('"/app/www"');
    expect(meaning).toContain("by the rules of static.json");
    const built = plan({ "package.json": '{"scripts":{"build":"make"}}', "static.json": '{"root": "output"}' });
    expect(built.steps.find(({ name }) => name === "build")?.keeps).toEqual({ kind: "site", candidates: ["output"] });
  });
});

describe("rules for a site", () => {
  it("that are more than a server takes are refused", () => {
    const many = Array.from({ length: 3000 }, (_, index) => `/old-page-${index} /new-page-${index}`).join("\n");
    expect(fault({ _redirects: many })).toContain("more rules than a server for files can take");
  });

  it("of other hosts are not read, and that is said", () => {
    expect(plan({ "netlify.toml": "", "vercel.json": "" }).warnings.join("\n")).toMatch(
      /netlify\.toml is not read.*\n.*vercel\.json is not read/,
    );
  });
});
