/** What `apps:set`, `domains:add` and pushboat.yml let users say about requests, through the real door. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("Requests", () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_TRUSTED_PROXIES: "127.0.0.1", PUSHBOAT_DRAIN_TIMEOUT_MS: "1000" } });
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
});
