/** Wildcards and redirects between hosts. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import { describe, expect, it } from "vitest";
import { issueCertificate, makeAuthority } from "../../../control/tls/local-authority.ts";
import type { HostName, Route } from "../../../core/index.ts";
import { givenApp, givenRouter, givenTable, speak } from "./rig.ts";

const END = /(exact|longer|shorter)$/;
const HEAD_END = /\r\n\r\n/;

describe("domains", () => {
  it("are found as they are first, then by the longest wildcard, at any depth, never by the name above it", async () => {
    await using exact = await givenApp((_, response) => response.end("exact"));
    await using longer = await givenApp((_, response) => response.end("longer"));
    await using shorter = await givenApp((_, response) => response.end("shorter"));
    await using rig = await givenRouter();
    const routes = [
      givenTable([shorter.address], { environment: "shorter", hosts: ["*.example.org"] } as unknown as Partial<Route>),
      givenTable([longer.address], { environment: "longer", hosts: ["*.b.example.org"] } as unknown as Partial<Route>),
      givenTable([exact.address], { environment: "exact", hosts: ["www.example.org", "x.b.example.org"] } as unknown as Partial<Route>),
    ].flatMap((table) => table.routes);
    rig.router.apply({ version: 10_000, routes });
    const at = async (host: string) => {
      const answer = await speak(rig.port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      return END.exec(answer)?.[1] ?? answer.slice(9, 12);
    };
    expect(await at("www.example.org")).toBe("exact");
    expect(await at("X.b.example.org:8080")).toBe("exact");
    expect(await at("a.b.example.org")).toBe("longer");
    expect(await at("c.a.b.example.org")).toBe("longer");
    expect(await at("b.example.org")).toBe("shorter");
    expect(await at("d.c.example.org")).toBe("shorter");
    for (const host of ["example.org", "org", "badexample.org", "*.example.org"]) expect(await at(host)).toMatch(/^40[04]$/);
  });

  it("below a wildcard show its certificate where it is good for them: one label", async () => {
    const authority = makeAuthority("test authority", Date.now());
    const wildcard = "*.example.org" as HostName;
    await using rig = await givenRouter();
    rig.router.setCertificates([{ hosts: [wildcard], ...issueCertificate(authority, wildcard, Date.now()) }]);
    rig.router.https.listen(0, "127.0.0.1");
    await once(rig.router.https, "listening");
    const { port } = rig.router.https.address() as AddressInfo;
    const open = (servername: string) => once(connect({ port, host: "127.0.0.1", servername, ca: authority.certificate }), "secureConnect");
    await open("Shop.example.org");
    for (const name of ["a.b.example.org", "example.org"]) await expect(open(name)).rejects.toThrow();
  });

  it("lead on to another with path and query, in one step with HTTPS, by 308 where the method has to stay", async () => {
    await using app = await givenApp((_, response) => response.end("exact"));
    await using rig = await givenRouter();
    const over = {
      hosts: ["example.org", "www.example.org"],
      redirects: { "www.example.org": "example.org" },
    } as unknown as Partial<Route>;
    const ask = (line: string, host: string) => speak(rig.port, `${line} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`, HEAD_END);
    rig.route([app.address], over);
    const moved = await ask("GET /a%20b?c=d&e", "www.example.org:8080");
    expect(moved).toMatch(/^HTTP\/1.1 301 /);
    expect(moved).toContain("\r\nLocation: http://example.org:8080/a%20b?c=d&e\r\n");
    expect(await ask("POST /form", "WWW.example.org")).toMatch(/^HTTP\/1.1 308 .*\r\nLocation: http:\/\/example\.org\/form\r\n/s);
    expect(await ask("GET /", "example.org")).toMatch(/^HTTP\/1.1 200 /);
    expect(app.accepted()).toBe(1);
    rig.route([app.address], { ...over, forceHttps: true });
    expect(await ask("GET /a", "www.example.org:8080")).toContain("\r\nLocation: https://example.org:8443/a\r\n");
    expect(await ask("GET /a", "example.org:8080")).toContain("\r\nLocation: https://example.org:8443/a\r\n");
  });
});
