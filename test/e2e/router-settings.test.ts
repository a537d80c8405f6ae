/** What `apps:set`, `domains:add` and pushboat.yml let users say about requests, through the real door. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenClient } from "../support/client.ts";
import { mustRun } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("Requests", () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    platform = await givenPlatform({
      settings: { PUSHBOAT_TLS: "internal", PUSHBOAT_TRUSTED_PROXIES: "127.0.0.1", PUSHBOAT_DRAIN_TIMEOUT_MS: "1000" },
    });
    app = await platform.givenApp(tinyApp("here"), { app: "blog" });
    await app.mustPush();
  });
  afterAll(() => platform?.stop());

  const must = async (command: string) => {
    const answer = await platform.ssh(command);
    expect(answer.code, answer.output).toBe(0);
    return answer;
  };

  it("through a trusted proxy come to the app with their own address, and are let in by it", async () => {
    const headers = { "x-forwarded-for": "6.6.6.6, 203.0.113.9", "x-forwarded-proto": "https" };
    const seen = JSON.parse((await platform.http(app.host, "/headers", { headers })).body);
    expect(seen).toMatchObject({ "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "x-forwarded-port": "443" });
    await must("apps:set blog allow-ips 203.0.113.0/24");
    expect((await platform.http(app.host)).status).toBe(403);
    expect((await platform.http(app.host, "/", { headers })).status).toBe(200);
    await must("apps:set blog allow-ips");
  });

  it("of one visitor go to one instance where the app is sticky, also after the router was replaced", async () => {
    await must("ps:scale blog web=3");
    await must("apps:set blog sticky on");
    const first = await platform.http(app.host, "/identity");
    const cookie = first.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    expect(cookie).toMatch(/^pushboat-instance=/);
    const dynoAgain = async () => JSON.parse((await platform.http(app.host, "/identity", { headers: { cookie } })).body).dyno;
    const { dyno } = JSON.parse(first.body);
    for (let visit = 0; visit < 10; visit++) expect(await dynoAgain()).toBe(dyno);
    await must("router:restart");
    for (let visit = 0; visit < 10; visit++) expect(await dynoAgain()).toBe(dyno);
    await must("apps:set blog sticky");
    expect((await platform.http(app.host, "/identity")).headers["set-cookie"]).toBeUndefined();
    await must("ps:scale blog web=1");
  });

  it("for a domain's www. are sent on to the domain, or the other way round", async () => {
    for (const host of ["example.com", "www.example.com"]) await must(`domains:add blog ${host}`);
    await platform.expectHost("www.example.com").toAnswer("here");
    await must("apps:set blog www-redirect apex");
    const { status, headers } = await platform.http("www.example.com", "/a?b=c");
    expect([status, headers.location]).toEqual([301, `http://example.com:${platform.ports.http}/a?b=c`]);
    await platform.expectHost("example.com").toAnswer("here");
    await must("apps:set blog www-redirect=www");
    expect((await platform.http("example.com")).headers.location).toBe(`http://www.example.com:${platform.ports.http}/`);
    await platform.expectHost("www.example.com").toAnswer("here");
    expect((await platform.ssh("apps:set blog www-redirect both")).output).toContain("apex (www.example.com leads to example.com)");
    for (const host of ["example.com", "www.example.com"]) await must(`domains:remove blog ${host}`);
    await must("apps:set blog www-redirect");
  });

  it("for names below a wildcard come to its app; others may have such a name only by who has rights in both", async () => {
    const other = await platform.givenApp(tinyApp("other"), { app: "other" });
    await other.mustPush();
    await must("domains:add blog '*.example.org'");
    await platform.expectHost("any.thing.example.org").toAnswer("here");
    expect((await platform.http("example.org")).status).toBe(404);
    const carol = await givenClient(join(app.directory, "../carol"), "carol");
    await platform.ssh("keys:add carol --app other", { stdin: `${carol.publicKey}\n` });
    for (const host of ["login.example.org", "example.org", "'*.b.example.org'"]) {
      const refused = await carol.ssh(platform.ports.ssh, `domains:add other ${host}`);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("domains/overlap")]);
    }
    // An administrator may divide them.
    await must("domains:add other login.example.org");
    await platform.expectHost("login.example.org").toAnswer("other");
    await platform.expectHost("api.example.org").toAnswer("here");
    await must("domains:remove other login.example.org");
    await platform.expectHost("login.example.org").toAnswer("here");
    const below = await platform.ssh("domains:add blog '*.x.localhost'");
    expect([below.code, below.stderr]).toEqual([1, expect.stringContaining("domains/below-platform")]);
    await must("domains:remove blog '*.example.org'");
    expect((await platform.http("login.example.org")).status).toBe(404);
  });

  it("that fail, and all during maintenance, get the app's own pages of the release; a rollback brings back the ones before", async () => {
    const pages = "pages:\n  error: pages/error.html\n  maintenance: pages/maintenance.html\n";
    app.write("pushboat.yml", pages);
    app.write("pages/error.html", "<h1>Oh no, {{code}}</h1>");
    const refused = await app.push();
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringContaining('pages/maintenance: "pages/maintenance.html" is not a file'),
    ]);
    app.write("pages/maintenance.html", "<h1>We mend it</h1>");
    await app.mustPush();
    const { release } = JSON.parse((await platform.http(app.host, "/identity")).body);
    await must("ps:scale blog web=0");
    expect(await platform.http(app.host)).toMatchObject({ status: 503, body: "<h1>Oh no, H14</h1>" });
    const json = await platform.http(app.host, "/", { headers: { accept: "application/json" } });
    expect(JSON.parse(json.body).error).toMatchObject({ code: "H14", status: 503 });
    await must("maintenance:on blog");
    expect(await platform.http(app.host)).toMatchObject({ status: 503, body: "<h1>We mend it</h1>" });
    await must("maintenance:off blog");
    await must("ps:scale blog web=1");
    app.write("pages/error.html", "<h1>Another, {{code}}</h1>");
    await app.mustPush();
    await must("ps:scale blog web=0");
    expect((await platform.http(app.host)).body).toBe("<h1>Another, H14</h1>");
    await must(`rollback blog ${release}`);
    expect((await platform.http(app.host)).body).toBe("<h1>Oh no, H14</h1>");
    await must("ps:scale blog web=1");
    await platform.expectHost(app.host).toAnswer("here");
  });

  it("that no app can answer are told why, in HTML and in JSON", async () => {
    await must("apps:create empty");
    const told = async (host: string) => {
      const page = await platform.http(host);
      const { error } = JSON.parse((await platform.http(host, "/", { headers: { accept: "application/json" } })).body);
      expect([page.status, page.headers["content-type"]]).toEqual([error.status, "text/html; charset=utf-8"]);
      return [error.status, error.code];
    };
    expect(await told("nobody.localhost")).toEqual([404, null]);
    expect(await told("empty.localhost")).toEqual([404, "H81"]);
    await must("ps:scale other web=0");
    expect(await told("other.localhost")).toEqual([503, "H14"]);
  });

  it("over HTTP/2, from curl to the app and into its log, are one request by its id", async () => {
    const authority = join(app.directory, "../authority.pem");
    writeFileSync(authority, (await must("certs:authority")).stdout);
    const address = `${app.host}:${platform.ports.https}`;
    const options = ["-sS", "--http2", "--cacert", authority, "--resolve", `${address}:127.0.0.1`, "-w", " %{http_version}"];
    const { stdout } = await mustRun(["curl", ...options, `https://${address}/headers?over=h2`]);
    expect(stdout).toMatch(/ 2$/);
    const seen = JSON.parse(stdout.slice(0, stdout.lastIndexOf(" ")));
    expect(seen).toMatchObject({ host: address, "x-forwarded-proto": "https", via: "1.1 pushboat" });
    await eventually("the router's line with the id that the app saw", async () => {
      const { stdout: logs } = await platform.ssh("logs blog -n 50");
      const line = logs.split("\n").find((each) => each.includes("over=h2")) ?? "";
      return (
        line.includes("pushboat[router]: at=info ") &&
        line.includes(`request_id=${seen["x-request-id"]} `) &&
        line.includes("protocol=https")
      );
    });
  });
});
