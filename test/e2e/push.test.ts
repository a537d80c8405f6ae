/** git push to a live URL: over SSH and over HTTP, the first push, the second, and what the user sees. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenPlatform, type Platform } from "../support/platform.ts";

describe("git push", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform();
  });
  afterAll(() => platform?.stop());

  it("creates the app at its first push over SSH and answers at its own subdomain", async () => {
    const app = await platform.givenApp("express-hello", { app: "blog" });
    const pushed = await app.push();
    expect(pushed.output).toContain("http://blog.localhost");
    expect(pushed.code).toBe(0);
    await platform.expectHost("blog.localhost").toAnswer("hello v1");
    const seen = JSON.parse((await platform.http("blog.localhost", "/headers")).body) as Record<string, string>;
    expect(seen["x-request-id"]).toMatch(/^[\w-]{20,200}$/);
    expect(seen["x-forwarded-for"]).toBe("127.0.0.1");
  });

  it("streams its phases in the buildpack style with times, and ends with the URL", async () => {
    const app = await platform.givenApp("express-hello", { app: "styled" });
    const pushed = await app.push();
    expect(pushed.stderr).toMatch(/remote: -----> /);
    expect(pushed.stderr).toMatch(/24\.\d+\.\d+.*engines\.node in package\.json/);
    expect(pushed.stderr).toMatch(/\d (ms|s)\b/);
    expect(pushed.stderr).toMatch(/http:\/\/styled\.localhost:\d+/);
  });

  it("rebuilds no dependencies when only code changed, and says so", async () => {
    const app = await platform.givenApp("express-hello", { app: "second" });
    await app.mustPush();
    app.write("version.js", 'export default "v2";\n');
    const pushed = await app.mustPush();
    expect(pushed.stderr).toMatch(/dependencies.*reused/);
    await platform.expectHost(app.host).toAnswer("hello v2");
    const listed = await app.git(["ls-remote", "pushboat", "refs/heads/main"]);
    const head = await app.git(["rev-parse", "HEAD"]);
    expect(listed.stdout.split("\t")[0]).toBe(head.stdout.trim());
  });

  it("says which input changed when dependencies are built again", async () => {
    const app = await platform.givenApp("worker-release", { app: "changed-lock" });
    await app.mustPush();
    const lock = (await app.git(["show", "HEAD:package-lock.json"])).stdout;
    app.write("package-lock.json", `${lock.trimEnd()}\n\n`);
    const pushed = await app.mustPush();
    expect(pushed.stderr).toMatch(/dependencies.*built.*package-lock\.json/);
  });

  it("takes the same push over HTTP with a token and refuses one without", async () => {
    const app = await platform.givenApp("websocket-echo", { app: "over-http", via: "http" });
    const pushed = await app.push();
    expect(pushed.stderr).toContain("remote: -----> ");
    expect(pushed.code).toBe(0);
    await platform.expectHost("over-http.localhost").toAnswer("websocket echo v1");
    const anonymous = await app.git(["push", `http://127.0.0.1:${platform.ports.http}/git/over-http.git`, "HEAD:refs/heads/other"]);
    expect(anonymous.code).not.toBe(0);
    const listed = await app.git(["ls-remote", "pushboat"]);
    expect(listed.stdout).not.toContain("other");
  });

  it("lets the same repository be cloned back", async () => {
    const app = await platform.givenApp("plain-static", { app: "cloned" });
    await app.mustPush();
    const cloned = await app.git(["clone", "-q", app.remoteUrl, `${app.directory}-clone`]);
    expect(cloned.output).toBe("");
    expect(cloned.code).toBe(0);
    const head = await app.git(["-C", `${app.directory}-clone`, "rev-parse", "HEAD"]);
    expect(head.stdout).toBe((await app.git(["rev-parse", "HEAD"])).stdout);
  });

  it("does not deploy a push of what is already there", async () => {
    const app = await platform.givenApp("plain-static", { app: "twice" });
    await app.mustPush();
    const again = await app.push();
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("Everything up-to-date");
  });

  it("shows each line of the build within 100 ms", async () => {
    const app = await platform.givenApp(
      {
        "package.json": JSON.stringify({
          name: "slow",
          private: true,
          engines: { node: "24.x" },
          scripts: { build: "node build.js", start: "node server.js" },
        }),
        "build.js":
          "let n = 0; const t = setInterval(() => { console.log('tick', ++n, Date.now()); if (n === 10) clearInterval(t); }, 100);",
        "server.js": "require('node:http').createServer((q, s) => s.end('built')).listen(process.env.PORT);",
      },
      { app: "live-output" },
    );
    const delaysMs: number[] = [];
    const pushed = await app.push("main", {
      onOutput: (text) => {
        for (const match of text.matchAll(/tick \d+ (\d+)/g)) delaysMs.push(Date.now() - Number(match[1]));
      },
    });
    expect(pushed.code).toBe(0);
    expect(delaysMs).toHaveLength(10);
    expect(delaysMs.sort((a, b) => a - b)[5]).toBeLessThan(100);
  });
});
