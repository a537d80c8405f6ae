/** What a static site is answered with, through the router: rules of _redirects, _headers and static.json, files that are not there, compression. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HttpAnswer } from "../support/http-client.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";

const PAGE = "<!doctype html><p>the page</p>";

describe("a static site", () => {
  let platform: Platform;
  let get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<HttpAnswer>;
  beforeAll(async () => {
    platform = await givenPlatform();
    const app = await platform.givenApp("static-rules");
    const pushed = await app.mustPush();
    expect(pushed.output).toContain("by the rules of public/_redirects and public/_headers");
    get = (path, headers = {}) => platform.http(app.host, path, { headers });
  });
  afterAll(() => platform?.stop());

  it("finds a directory's page, and one by its name without the ending", async () => {
    expect((await get("/docs/")).body).toContain("docs v1");
    expect((await get("/about")).body).toContain("about v1");
    expect(await get("/docs")).toMatchObject({ status: 301, headers: { location: "/docs/" } });
  });

  it.each([
    ["/old", 301, "/docs/"],
    ["/old/?a=1", 301, "/docs/?a=1"],
    ["/blog/2024/hello?q=1", 302, "/posts/2024/hello?q=1"],
    ["/blog/x%20y%0d%0aSet-Cookie:a=b", 302, "/posts/x%20y%0d%0aSet-Cookie:a=b"],
    ["/y/2024/hello", 308, "https://archive.example.com/2024/hello.html"],
    ["/forced", 301, "/about"],
    ["//example.com/%2e%2e/docs", 301, "/docs/"],
  ])("redirects %s with %i to %s", async (path, status, location) => {
    expect(await get(path)).toMatchObject({ status, headers: { location } });
  });

  it("answers another file where the rule says 200, and a file that is there before any rule that is not forced", async () => {
    expect(await get("/app/any/thing")).toMatchObject({ status: 200, body: expect.stringContaining("the shop") });
    expect(await get("/kept")).toMatchObject({ status: 200, body: expect.stringContaining("was there first") });
  });

  it("has its own page for what is not there, with the status that fits", async () => {
    for (const path of ["/nope", "/private/x", "/assets/", "/assets/app-0ldHash1.js"]) {
      expect(await get(path), path).toMatchObject({ status: 404, body: expect.stringContaining("no such page here") });
    }
    expect((await get("/gone/x")).status).toBe(410);
  });

  it("never shows files that begin with a dot, but .well-known, nor its rules", async () => {
    for (const path of ["/.hidden", "/%2ehidden", "/docs/../.hidden", "/_redirects", "/_headers"]) {
      expect((await get(path)).status, path).toBe(404);
    }
    expect((await get("/.well-known/security.txt")).body).toContain("yes");
  });

  it("has the headers of its rules: the later rule wins, and a dollar sign stays one", async () => {
    expect((await get("/")).headers).toMatchObject({
      "x-frame-options": "DENY",
      "content-security-policy": `default-src 'self'; img-src *; report-uri "/csp$"`,
      "cache-control": "public, max-age=0, must-revalidate",
      "x-content-type-options": "nosniff",
    });
    expect((await get("/docs/")).headers).toMatchObject({ "cache-control": "public, max-age=600", "x-docs": "yes" });
    expect((await get("/docs/deep/x")).headers["x-docs"]).toBe("deep");
  });

  it("lets a browser keep what is named by its content, and only that", async () => {
    expect((await get("/assets/app-D3adBeef.js")).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    for (const path of ["/assets/plain.css", "/assets/app-0ldHash1.js"]) {
      expect((await get(path)).headers["cache-control"], path).toBe("public, max-age=0, must-revalidate");
    }
  });

  it("sends what was compressed beforehand, compresses the rest, and says that it varies", async () => {
    const encoding = async (path: string, accepted: string) =>
      (await get(path, { "accept-encoding": accepted })).headers["content-encoding"];
    expect(await encoding("/large.js", "gzip, br")).toBe("br");
    expect(await encoding("/large.js", "gzip")).toBe("gzip");
    expect(await encoding("/plain-large.js", "gzip, br")).toBe("gzip");
    expect(await get("/large.js")).toMatchObject({ headers: { "content-length": "2801", vary: "Accept-Encoding" } });
  });

  it("answers ranges, and 304 to who has it already", async () => {
    const whole = await get("/large.js");
    expect(await get("/large.js", { range: "bytes=4-9" })).toMatchObject({ status: 206, body: whole.body.slice(4, 10) });
    expect(await get("/large.js", { "if-none-match": whole.headers["etag"] as string })).toMatchObject({ status: 304, body: "" });
  });

  it("of one page answers it for every path, but not instead of a script, and may say so by 200.html or static.json", async () => {
    const routes = { root: "www", routes: { "/**": "index.html" }, redirects: { "/old/": { url: "/new" } }, https_only: false };
    const sites = {
      "by-200": { "index.html": "home", "200.html": PAGE },
      "by-static-json": { "www/index.html": PAGE, "static.json": JSON.stringify({ ...routes, headers: { "/**": { "X-From": "json" } } }) },
    };
    for (const [name, files] of Object.entries(sites)) {
      const app = await platform.givenApp(files, { app: name });
      await app.mustPush();
      expect(await platform.http(app.host, "/deep/link"), name).toMatchObject({ status: 200, body: PAGE });
      expect((await platform.http(app.host, "/assets/gone.js")).status, name).toBe(404);
    }
    expect((await platform.http("by-200.localhost", "/package.json")).status).toBe(404);
    expect(await platform.http("by-static-json.localhost", "/old/")).toMatchObject({
      status: 301,
      headers: { location: "/new", "x-from": "json" },
    });
  });

  it("whose build writes elsewhere is told where its page is, and build.output names it", async () => {
    const build = "mkdir -p www/site && echo built > www/site/index.html";
    const app = await platform.givenApp({ "package.json": JSON.stringify({ scripts: { build } }) }, { app: "elsewhere" });
    const pushed = await app.push();
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toContain("There is an index.html in www/site/");
    app.write("pushboat.yml", "build: {output: www/site}\n");
    await app.mustPush();
    await platform.expectHost(app.host).toAnswer("built");
  });

  it("whose rules are wrong is refused with file and line, and what serves goes on serving", async () => {
    const app = await platform.givenApp({ "index.html": PAGE, _redirects: "/a /b 301\n/c /d 999\n" }, { app: "wrong-rules" });
    const pushed = await app.push();
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toContain('_redirects: line 2: "999" is none of the statuses 200, 301, 302, 303, 307, 308, 404, 410');
    expect(pushed.output).toContain("build/site-rules");
  });
});
