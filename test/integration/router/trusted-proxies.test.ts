/** X-Forwarded-* by whom: what a client claims is replaced, what a trusted proxy says holds for the app, the list of allowed addresses and the log. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { GET, givenApp, givenRouter, speak } from "./rig.ts";

const END = /\}$/;
const CHAIN = ["X-Forwarded-For: 6.6.6.6, 203.0.113.9", "X-Forwarded-For: 10.0.0.2", "X-Forwarded-Proto: https"];

const givenEcho = () =>
  givenApp(({ headers }, response) => {
    const { "x-forwarded-for": client, "x-forwarded-proto": protocol, "x-forwarded-port": port } = headers;
    response.end(JSON.stringify({ client, protocol, port }));
  });
const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf("{")));

describe("X-Forwarded-For, -Proto and -Port", () => {
  it("of a client that is no trusted proxy are replaced", async () => {
    await using app = await givenEcho();
    await using rig = await givenRouter({ trustedProxies: ["10.0.0.0/8"] });
    rig.route([app.address]);
    expect(bodyOf(await speak(rig.port, GET("/", ...CHAIN), END))).toEqual({ client: "127.0.0.1", protocol: "http", port: "8080" });
  });

  it("of a trusted proxy name the client, the last one that is not a trusted proxy itself, and how it came", async () => {
    await using app = await givenEcho();
    await using rig = await givenRouter({ trustedProxies: ["127.0.0.1", "10.0.0.0/8"] });
    rig.route([app.address]);
    const seen = { client: "203.0.113.9", protocol: "https", port: "443" };
    expect(bodyOf(await speak(rig.port, GET("/", ...CHAIN), END))).toEqual(seen);
    expect(bodyOf(await speak(rig.port, GET("/", ...CHAIN, "X-Forwarded-Port: 9443"), END))).toEqual({ ...seen, port: "9443" });
    // A proxy that says nothing speaks for itself.
    expect(bodyOf(await speak(rig.port, GET("/"), END))).toEqual({ client: "127.0.0.1", protocol: "http", port: "8080" });
    const log = join(rig.directory, "blog.log");
    await eventually("the client is in the log", async () => /fwd="203\.0\.113\.9" .* protocol=https$/m.test(await readFile(log, "utf8")));
  });

  it("of a trusted proxy decide who is let in and who is sent on to HTTPS", async () => {
    await using app = await givenEcho();
    await using rig = await givenRouter({ trustedProxies: ["127.0.0.1"] });
    const ask = (...lines: string[]) => speak(rig.port, GET("/a?b=1", ...lines), /\r\n\r\n/);
    rig.route([app.address], { allowedNetworks: ["203.0.113.0/24"] });
    expect(await ask("X-Forwarded-For: 203.0.113.9")).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask("X-Forwarded-For: 203.0.113.9, 198.51.100.1")).toMatch(/^HTTP\/1.1 403 /);
    expect(await ask("X-Forwarded-For: 203.0.113.9, nonsense")).toMatch(/^HTTP\/1.1 403 /);
    expect(await ask()).toMatch(/^HTTP\/1.1 403 /);
    rig.route([app.address], { forceHttps: true, hstsSeconds: 60 });
    // The proxy's port, not the router's own.
    expect(await ask("X-Forwarded-Proto: http")).toContain("\r\nLocation: https://blog.localhost/a?b=1\r\n");
    const secure = await ask("X-Forwarded-Proto: https");
    expect(secure).toMatch(/^HTTP\/1.1 200 /);
    expect(secure).toContain("\r\nStrict-Transport-Security: max-age=60\r\n");
  });
});
