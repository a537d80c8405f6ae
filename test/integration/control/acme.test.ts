import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { axios } from "acme-client";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { openStore } from "../../../control/store/index.ts";
import { type AcmeOrders, createAcmeOrders } from "../../../control/tls/acme-orders.ts";
import type { HostFacts } from "../../../control/tls/acme-subject.ts";
import { createCertificateBook } from "../../../control/tls/certificate-book.ts";
import { issueCertificate, makeAuthority } from "../../../control/tls/local-authority.ts";
import { type HostName, parseSettings, type Route, type Settings } from "../../../core/index.ts";
import { eventually } from "../../support/eventually.ts";
import { givenPebble, type Pebble, type PebbleOptions } from "../../support/pebble.ts";
import { givenRouter } from "../router/rig.ts";

const HOST = "www.shop.com" as HostName;
const DAY_MS = 86_400_000;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Bench {
  readonly orders: AcmeOrders;
  readonly store: ReturnType<typeof openStore>;
  readonly pebble: Pebble;
  readonly settings: Settings;
  readonly unavailable: HostName[];
  /** What the clock says beside the true time. */
  later(ms: number): void;
  /** Challenges are shown with wrong answers. */
  lie(lies: boolean): void;
  consider(hosts?: readonly HostFacts[]): void;
  signed(name?: HostName): Promise<X509Certificate>;
}

/** Orders with a real store, a real router that answers challenges, and a real authority. */
async function givenOrders(
  env: Readonly<Record<string, string>> = {},
  { pebbleEnv = {}, deadHttp = false }: { pebbleEnv?: PebbleOptions["env"]; deadHttp?: boolean } = {},
): Promise<Bench> {
  const directory = mkdtempSync(join(tmpdir(), "acme-orders-"));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const rig = await givenRouter();
  cleanups.push(() => rig[Symbol.asyncDispose]());
  rig.router.https.listen(0, "127.0.0.1");
  await once(rig.router.https, "listening");
  const tlsPort = (rig.router.https.address() as AddressInfo).port;
  const pebble = await givenPebble({ httpPort: deadHttp ? 1 : rig.port, tlsPort, env: pebbleEnv ?? {} });
  cleanups.push(() => pebble.stop());
  axios.defaults.httpsAgent = new Agent({ ca: pebble.ca });

  const settings = parseSettings({
    PUSHBOAT_DATA: directory,
    PUSHBOAT_DOMAIN: "apps.example.com",
    PUSHBOAT_TLS: "acme",
    PUSHBOAT_ACME_DIRECTORY: pebble.directoryUrl,
    PUSHBOAT_ACME_DNS_WAIT_MS: "0",
    ...env,
  });
  const store = openStore(directory);
  let aheadMs = 0;
  let lies = false;
  let version = 1_000_000;
  const now = () => Date.now() + aheadMs;
  const book = createCertificateBook({ settings, store, now });
  const unavailable: HostName[] = [];
  let facts: readonly HostFacts[] = [];
  const publish = async (): Promise<void> => {
    const hosts = facts.map(({ host }) => host);
    rig.router.setCertificates(book.of(hosts));
    const challenges = orders
      .challenges()
      .map((challenge) => (lies && challenge.kind === "http-01" ? { ...challenge, answer: "a wrong answer" } : challenge));
    const route = { environment: "shop", hosts, condition: "empty", targets: [], holdMs: 0 } as unknown as Route;
    version += 1;
    rig.router.apply({ version, routes: [route], challenges });
  };
  const orders = createAcmeOrders(
    { settings, store, now, log: pino({ enabled: false }) },
    { publish, onUnavailable: (host) => unavailable.push(host) },
  );
  cleanups.push(() => {
    orders.close();
    store.close();
  });
  return {
    orders,
    store,
    pebble,
    settings,
    unavailable,
    later: (ms) => {
      aheadMs += ms;
    },
    lie: (value) => {
      lies = value;
    },
    consider(hosts = [{ host: HOST, kind: "domain", isBranch: false }]) {
      facts = hosts;
      orders.consider(hosts);
    },
    signed: (name = HOST) =>
      eventually(`a certificate for ${name}`, async () => {
        const record = store.acme.of(name);
        if (record?.error != null) throw new Error(record.error);
        return record?.certificate == null ? null : new X509Certificate(record.certificate);
      }),
  };
}

const failure = (bench: Bench, name = HOST) =>
  eventually(`a failure of ${name}`, async () => {
    const record = bench.store.acme.of(name);
    return record?.error == null ? null : record;
  });

describe("orders at an ACME authority", () => {
  it("go on through bad nonces", async () => {
    const bench = await givenOrders({}, { pebbleEnv: { PEBBLE_WFE_NONCEREJECT: "25" } });
    bench.consider();
    expect((await bench.signed()).subjectAltName).toBe(`DNS:${HOST}`);
    expect(bench.store.acme.of(HOST)).toMatchObject({ proof: "http-01", failures: 0, error: null });
  });

  it("tell why an authorization was rejected, wait longer than the time of before, and are signed when the answer is right", async () => {
    const bench = await givenOrders({ PUSHBOAT_ACME_PROOF: "http-01" });
    bench.lie(true);
    bench.consider();
    const first = await failure(bench);
    expect(first.error).toMatch(/wrong answer/);
    const delayMs = first.nextMs - Date.now();
    expect(delayMs).toBeGreaterThan(3 * 60_000);
    expect(delayMs).toBeLessThanOrEqual(5 * 60_000);
    // A handshake that asks meanwhile is not kept waiting.
    bench.orders.want(HOST);
    expect(bench.unavailable).toEqual([HOST]);
    bench.later(6 * 60_000);
    bench.consider();
    await eventually("a second failure", async () => bench.store.acme.of(HOST)?.failures === 2);
    expect((bench.store.acme.of(HOST)?.nextMs ?? 0) - Date.now() - 6 * 60_000).toBeGreaterThan(7 * 60_000);
    bench.lie(false);
    bench.later(11 * 60_000);
    bench.consider();
    await eventually("the error is gone", async () => bench.store.acme.of(HOST)?.error === null);
    expect((await bench.signed()).subjectAltName).toBe(`DNS:${HOST}`);
  });

  it("find the authority down, say so, and show the old certificate until it is back; one that ended is renewed at the start", async () => {
    const bench = await givenOrders();
    // As a control finds it that was off for long.
    const old = issueCertificate(makeAuthority("an authority", Date.now() - 100 * DAY_MS), HOST, Date.now() - 100 * DAY_MS);
    bench.store.acme.signed(HOST, old, { proof: "http-01", renewMs: Date.now() - 40 * DAY_MS });
    await bench.pebble.halt();
    bench.consider();
    const down = await failure(bench);
    expect(down).toMatchObject({ error: expect.stringMatching(/ECONNREFUSED/), failures: 1, certificate: old.certificate });
    await bench.pebble.start();
    bench.later(6 * 60_000);
    bench.consider();
    await eventually("a new certificate", async () => bench.store.acme.of(HOST)?.certificate !== old.certificate);
    expect((await bench.signed()).validToDate.getTime()).toBeGreaterThan(Date.now());
    expect(bench.store.acme.orders(0).map(({ kind, state }) => [kind, state])).toEqual([
      ["renewal", "failed"],
      ["renewal", "signed"],
    ]);
  });

  it("prove a domain in a TLS handshake where port 80 is not reached", async () => {
    const bench = await givenOrders({}, { deadHttp: true });
    bench.consider();
    expect((await bench.signed()).subjectAltName).toBe(`DNS:${HOST}`);
    expect(bench.store.acme.of(HOST)?.proof).toBe("tls-alpn-01");
    expect(bench.orders.challenges()).toEqual([]);
  });

  it("let a program set the DNS record of the wildcard, one certificate for all hosts below the platform's domain", async () => {
    const hook = givenHook();
    const bench = await givenOrders({ PUSHBOAT_ACME_DNS_HOOK: hook.path });
    hook.use(bench.pebble.dnsManagementUrl);
    const hosts = ["blog", "shop", "x--blog"].map((label) => ({
      host: `${label}.apps.example.com` as HostName,
      kind: "label" as const,
      isBranch: label.includes("--"),
    }));
    bench.consider(hosts);
    const wildcard = "*.apps.example.com" as HostName;
    expect((await bench.signed(wildcard)).subjectAltName).toBe(`DNS:${wildcard}`);
    expect(bench.store.acme.all().map(({ name, proof }) => [name, proof])).toEqual([[wildcard, "dns-01"]]);
    const shown = createCertificateBook({ settings: bench.settings, store: bench.store, now: Date.now }).of(hosts.map(({ host }) => host));
    expect(shown.map((each) => each.hosts)).toEqual([hosts.map(({ host }) => host)]);
    await eventually("the record is removed", async () => hook.calls().length === 2);
    expect(hook.calls()).toEqual([
      expect.stringMatching(/^present _acme-challenge\.apps\.example\.com\. [\w-]{43}$/),
      expect.stringMatching(/^cleanup _acme-challenge\.apps\.example\.com\. [\w-]{43}$/),
    ]);
  });

  it("say what the program said that could not set a record", async () => {
    const hook = givenHook("echo 'zone apps.example.com is locked' >&2; exit 3");
    const bench = await givenOrders({ PUSHBOAT_ACME_DNS_HOOK: hook.path });
    bench.consider([{ host: "blog.apps.example.com" as HostName, kind: "label", isBranch: false }]);
    const { error } = await failure(bench, "*.apps.example.com" as HostName);
    expect(error).toBe(`${hook.path} present: ended with 3: zone apps.example.com is locked`);
  });

  it("keep nothing of a host that is gone", async () => {
    const bench = await givenOrders();
    bench.consider();
    await bench.signed();
    bench.consider([]);
    expect(bench.store.acme.all()).toEqual([]);
  });
});

/** As an administrator writes one: here for the interface of pebble-challtestsrv. */
function givenHook(script?: string): { path: string; use(url: string): void; calls(): readonly string[] } {
  const directory = mkdtempSync(join(tmpdir(), "hook-"));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const [path, log, url] = ["hook", "log", "url"].map((name) => join(directory, name)) as [string, string, string];
  const ask = `node -e '
    const [what, host, value] = process.argv.slice(1);
    const url = require("fs").readFileSync("${url}", "utf8") + (what === "present" ? "/set-txt" : "/clear-txt");
    fetch(url, { method: "POST", body: JSON.stringify({ host, value }) }).then((answer) => process.exit(answer.ok ? 0 : 1));
  ' "$@"`;
  writeFileSync(path, `#!/bin/sh\necho "$*" >> ${log}\n${script ?? ask}\n`);
  chmodSync(path, 0o755);
  return { path, use: (text) => writeFileSync(url, text), calls: () => readFileSync(log, "utf8").trim().split("\n") };
}
