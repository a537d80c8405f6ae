import { describe, expect, it } from "vitest";
import { proofsFor } from "../../../../control/tls/acme-proof.ts";
import { type HostFacts, subjectOf } from "../../../../control/tls/acme-subject.ts";
import { recordName } from "../../../../control/tls/dns-hook.ts";
import type { HostName } from "../../../../core/index.ts";

const settings = { domain: "apps.example.com", acmeDirectory: "https://acme.example.net/directory", acmeDnsHook: null };
const withHook = { ...settings, acmeDnsHook: "/bin/hook" };
const label = (host: string, isBranch = false): HostFacts => ({ host: host as HostName, kind: "label", isBranch });
const domain = (host: string): HostFacts => ({ host: host as HostName, kind: "domain", isBranch: false });

describe("what is ordered for a host", () => {
  it("a certificate of its own: at once for a domain that was added, at the first handshake for hosts below the platform's", () => {
    expect(subjectOf(domain("www.shop.com"), settings)).toEqual({ name: "www.shop.com", isEager: true, isBranch: false });
    expect(subjectOf(label("blog.apps.example.com"), settings)).toEqual({ name: "blog.apps.example.com", isEager: false, isBranch: false });
    expect(subjectOf(label("x--blog.apps.example.com", true), settings)).toMatchObject({ isEager: false, isBranch: true });
  });

  it("one wildcard for all hosts below the platform's domain where a program sets DNS records", () => {
    for (const facts of [label("blog.apps.example.com"), label("x--blog.apps.example.com", true)])
      expect(subjectOf(facts, withHook)).toEqual({ name: "*.apps.example.com", isEager: true, isBranch: false });
    expect(subjectOf(domain("www.shop.com"), withHook)?.name).toBe("www.shop.com");
    expect([settings, withHook].map((each) => subjectOf(domain("*.shop.com"), each)?.name)).toEqual([undefined, "*.shop.com"]);
  });

  it("nothing for names that nobody can prove", () => {
    for (const host of ["blog.localhost", "localhost", "intranet", "10.0.0.1", "a.onion", "b.invalid"])
      expect(subjectOf(domain(host), settings), host).toBeNull();
    for (const host of ["nas.home.arpa", "wiki.internal", "blog.test", "x.local"]) {
      expect(subjectOf(domain(host), settings), host).toBeNull();
      // An authority inside a company signs its own names.
      expect(subjectOf(domain(host), { ...settings, acmeDirectory: "https://ca.internal/acme/directory" })?.name).toBe(host);
    }
  });
});

describe("how a name is proved", () => {
  const ports = { acmeProof: "auto", httpPort: 80, httpsPort: 443 } as const;
  const name = "www.shop.com" as HostName;

  it("by HTTP, and where that is not reached by TLS; what worked the last time first; one at a time after a failure", () => {
    expect(proofsFor({ name, settings: ports, record: null })).toEqual(["http-01", "tls-alpn-01"]);
    expect(proofsFor({ name, settings: { ...ports, httpPort: 8080 }, record: null })).toEqual(["tls-alpn-01", "http-01"]);
    expect(proofsFor({ name, settings: ports, record: { failures: 0, proof: "tls-alpn-01" } })[0]).toBe("tls-alpn-01");
    expect([1, 2, 3].map((failures) => proofsFor({ name, settings: ports, record: { failures, proof: null } }))).toEqual([
      ["tls-alpn-01"],
      ["http-01"],
      ["tls-alpn-01"],
    ]);
  });

  it("by what the setting says, and a wildcard by DNS always", () => {
    expect(proofsFor({ name, settings: { ...ports, acmeProof: "dns-01" }, record: null })).toEqual(["dns-01"]);
    expect(proofsFor({ name: "*.shop.com" as HostName, settings: ports, record: null })).toEqual(["dns-01"]);
    expect([name, "*.shop.com" as HostName].map(recordName)).toEqual(["_acme-challenge.www.shop.com.", "_acme-challenge.shop.com."]);
  });
});
