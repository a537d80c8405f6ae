/** Who gets in, and under which names an app answers: keys, tokens, domains, maintenance; and the host key that stays. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, givenClient } from "../support/client.ts";
import { mustRun } from "../support/command.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("access", () => {
  let platform: Platform;
  let app: WorkingCopy;
  let bob: Client;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000" } });
    app = await platform.givenApp(tinyApp("here"), { app: "blog" });
    await app.mustPush();
    bob = await givenClient(join(app.directory, "../bob"), "bob");
  });
  afterAll(() => platform?.stop());

  it("is refused to a key that nobody added, given with keys:add and taken with keys:remove", async () => {
    expect((await bob.ssh(platform.ports.ssh, "apps")).code).toBe(255);
    expect((await platform.ssh("keys:add bob", { stdin: `${bob.publicKey}\n` })).code).toBe(0);
    expect((await bob.ssh(platform.ports.ssh, "apps")).stdout).toContain("blog");
    expect((await platform.ssh("keys")).stdout).toMatch(/bob.*SHA256:/);
    expect((await platform.ssh("keys:remove bob")).code).toBe(0);
    expect((await bob.ssh(platform.ports.ssh, "apps")).code).toBe(255);
  });

  it("ends for what a key has open, at once, when the key is removed", async () => {
    expect((await platform.ssh("keys:add bob", { stdin: `${bob.publicKey}\n` })).code).toBe(0);
    const begun = Promise.withResolvers<void>();
    const following = bob.ssh(platform.ports.ssh, "logs blog -t", { onOutput: () => begun.resolve() });
    await begun.promise;
    expect((await platform.ssh("keys:remove bob")).code).toBe(0);
    expect((await following).code).not.toBe(0);
  });

  it("by token ends when the token is removed, and the token itself is kept nowhere", async () => {
    const { token } = JSON.parse((await platform.ssh("tokens:create ci --json")).stdout) as { token: string };
    const url = `http://token:${token}@127.0.0.1:${platform.ports.http}/git/blog.git`;
    expect((await app.git(["ls-remote", url])).code).toBe(0);
    const listed = await platform.ssh("tokens --json");
    expect(listed.stdout).toContain('"ci"');
    expect(listed.stdout).not.toContain(token);
    expect((await platform.ssh("tokens:remove ci")).code).toBe(0);
    expect((await app.git(["ls-remote", url])).code).not.toBe(0);
  });

  it("under a domain of one's own is given to one environment only and taken away again", async () => {
    expect((await platform.ssh("domains:add blog www.example.com")).code).toBe(0);
    await platform.expectHost("www.example.com").toAnswer("here");
    const other = await platform.givenApp(tinyApp("other"), { app: "other" });
    await other.mustPush();
    expect((await platform.ssh("domains:add other www.example.com")).code).toBe(1);
    expect((await platform.ssh("domains:add other blog.localhost")).code).toBe(1);
    expect((await platform.ssh("domains blog")).stdout).toContain("www.example.com");
    expect((await platform.ssh("domains:remove blog www.example.com")).code).toBe(0);
    expect((await platform.http("www.example.com")).status).toBe(404);
  });

  it("is for listed addresses only where the app says so, by a list that is checked", async () => {
    expect((await platform.ssh("apps:set blog allow-ips 203.0.113.7,2001:db8::/32")).code).toBe(0);
    await platform.expectHost(app.host).toAnswer(403);
    const wrong = await platform.ssh("apps:set blog allow-ips 300.1.1.1");
    expect([wrong.code, wrong.output]).toEqual([expect.toSatisfy((code) => code !== 0), expect.stringContaining("203.0.113.7,10.0.0.0/8")]);
    expect((await platform.ssh("apps:set blog allow-ips")).code).toBe(0);
    await platform.expectHost(app.host).toAnswer("here");
  });

  it("is closed during maintenance with H80, also across a deploy, and opened again", async () => {
    expect((await platform.ssh("maintenance:on blog")).code).toBe(0);
    const closed = await platform.http(app.host);
    expect([closed.status, closed.body]).toEqual([503, expect.stringContaining("H80")]);
    app.write("text.js", 'module.exports = "mended";\n');
    await app.mustPush();
    expect((await platform.http(app.host)).status).toBe(503);
    expect((await platform.ssh("maintenance:off blog")).code).toBe(0);
    await platform.expectHost(app.host).toAnswer("mended");
  });

  it("shows the same host key after a restart of the platform", async () => {
    const scan = async () => (await mustRun(["ssh-keyscan", "-t", "ed25519", "-p", String(platform.ports.ssh), "127.0.0.1"])).stdout;
    const before = await scan();
    expect(before).toContain("ssh-ed25519");
    expect((await platform.pushboat(["restart"])).code).toBe(0);
    expect(await scan()).toBe(before);
    await platform.expectHost(app.host).toAnswer("mended");
  });
});
