import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openStore } from "../../../../control/store/index.ts";
import { createCertificateBook } from "../../../../control/tls/certificate-book.ts";
import { summaryOf, troubleOf } from "../../../../control/tls/host-certificates.ts";
import { issueCertificate, makeAuthority } from "../../../../control/tls/local-authority.ts";
import type { AppName, EnvironmentName, HostName } from "../../../../core/index.ts";

const NOW_MS = Date.parse("2026-08-01T10:00:00Z");
const DAY_MS = 86_400_000;
const authority = makeAuthority("an authority", NOW_MS);
const [BLOG, SHOP, WILDCARD] = ["blog.example.com", "shop.example.com", "*.example.com"] as [HostName, HostName, HostName];
const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function givenBook(tls: "acme" | "internal") {
  const directory = mkdtempSync(join(tmpdir(), "book-"));
  const store = openStore(directory);
  cleanups.push(() => {
    store.close();
    rmSync(directory, { recursive: true });
  });
  let parsed = 0;
  let opened = 0;
  const key = store.acme.key;
  store.acme.key = (name) => {
    opened += 1;
    return key(name);
  };
  let nowMs = NOW_MS;
  const settings = { tls, domain: "example.com", platformId: "1a2b3c4d" } as never;
  const book = createCertificateBook({ settings, store, now: () => nowMs }, (pem) => {
    parsed += 1;
    return new X509Certificate(pem);
  });
  const sign = (name: HostName, atMs = NOW_MS) =>
    store.acme.signed(name, issueCertificate(authority, name, atMs), { proof: "http-01", renewMs: atMs + 60 * DAY_MS });
  return { book, store, sign, counts: () => ({ parsed, opened }), later: (ms: number) => (nowMs += ms) };
}

describe("which certificate a host shows", () => {
  it("is read once, however often a table is published, and the same answer where nothing changed", () => {
    const { book, store, sign, counts } = givenBook("acme");
    sign(BLOG);
    sign(SHOP);
    const first = book.of([BLOG, SHOP]);
    for (let time = 0; time < 5; time += 1) expect(book.of([BLOG, SHOP])).toBe(first);
    expect(counts()).toEqual({ parsed: 2, opened: 2 });
    store.apps.createApp("blog" as AppName, NOW_MS);
    store.certificates.add("blog" as EnvironmentName, issueCertificate(authority, BLOG, NOW_MS), NOW_MS);
    expect(book.of([BLOG, SHOP])).not.toBe(first);
    expect([BLOG, SHOP].map((host) => book.shown(host)?.source)).toEqual(["own", "acme"]);
    expect(counts().parsed).toBe(3);
  });

  it("is the wildcard before its own, and its own where the wildcard ended", () => {
    const { book, sign, later } = givenBook("acme");
    sign(WILDCARD);
    sign(BLOG, NOW_MS + 30 * DAY_MS);
    book.of([BLOG, SHOP]);
    expect([BLOG, SHOP].map((host) => book.shown(host)?.x509.subjectAltName)).toEqual([`DNS:${WILDCARD}`, `DNS:${WILDCARD}`]);
    later(100 * DAY_MS);
    book.of([BLOG, SHOP]);
    expect([BLOG, SHOP].map((host) => book.shown(host)?.x509.subjectAltName)).toEqual([`DNS:${BLOG}`, `DNS:${WILDCARD}`]);
  });

  it("is said with its source, its end, what went wrong and when it is tried again", () => {
    const { book, store, sign } = givenBook("acme");
    sign(BLOG);
    store.acme.failed(SHOP, "the DNS does not know it", NOW_MS + 3_600_000);
    book.of([BLOG, SHOP]);
    const of = (host: HostName) =>
      summaryOf({ host, environment: "blog" as EnvironmentName, shown: book.shown(host), record: store.acme.of(host) });
    expect(of(BLOG)).toMatchObject({ source: "acme", names: BLOG, issuer: "an authority", error: null, nextMs: NOW_MS + 60 * DAY_MS });
    expect(of(SHOP)).toMatchObject({ source: null, expiresMs: null, error: "the DNS does not know it", nextMs: NOW_MS + 3_600_000 });
    expect(troubleOf(of(BLOG), NOW_MS)).toBeNull();
    expect(troubleOf(of(BLOG), NOW_MS + 91 * DAY_MS)).toBe("the certificate of blog.example.com ended on 2026-10-30");
    expect(troubleOf(of(SHOP), NOW_MS)).toBe(
      "no certificate was signed for shop.example.com: the DNS does not know it; tried again 2026-08-01 11:00 UTC",
    );
    const own = { ...of(BLOG), source: "own" } as const;
    expect(troubleOf(own, NOW_MS + 80 * DAY_MS)).toBe("the certificate of blog.example.com ends on 2026-10-30: certs:add a new one");
  });
});
