/** Settings of one platform, from PUSHBOAT_* variables (the launcher turns its options into these). */
import { createHash } from "node:crypto";
import { availableParallelism, totalmem } from "node:os";
import { PushboatError } from "./errors.ts";
import { isNetwork } from "./network-list.ts";

/** internal: signed by the platform itself; acme: by a public authority. */
export type Tls = "off" | "internal" | "acme";

/** How a host is proved to be ours. auto: at port 80, and where the authority does not reach that, in a TLS handshake. */
export type AcmeProof = "auto" | "http-01" | "tls-alpn-01" | "dns-01";
const ACME_PROOFS: readonly string[] = ["auto", "http-01", "tls-alpn-01", "dns-01"] satisfies readonly AcmeProof[];

const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

export interface Settings {
  /** Absolute, real path. */
  readonly dataDirectory: string;
  /** First 8 hex digits of SHA-256 of dataDirectory: names kernel objects and the run directory. */
  readonly platformId: string;
  /** /run/pushboat/<platformId>: tmpfs, 0711 at the top, secrets in 0700 directories below. */
  readonly runDirectory: string;
  /** Shared by all platforms of the machine: base and language layers. Root-owned. */
  readonly cacheDirectory: string;
  readonly domain: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly sshPort: number;
  /** The router's metrics, on 127.0.0.1 only; 0: none. */
  readonly metricsPort: number;
  readonly bind: string;
  /** null: a private Redis on runDirectory/redis/redis.sock. */
  readonly redisUrl: string | null;
  /** Builds at once on this host. Default: cores - 1, at least 1. */
  readonly buildConcurrency: number;
  readonly drainTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly bootTimeoutMs: number;
  /** How long the platform may take until it answers, before `up`, `restart` and `upgrade` call it failed. */
  readonly startTimeoutMs: number;
  readonly releasesKept: number;
  /** A push to an unknown app makes it. */
  readonly createOnPush: boolean;
  /** What builds keep between them (package managers' downloads, compilers' results), all apps together. Default: 10 GiB. */
  readonly cacheBudgetBytes: number;
  /** Layers of all apps together; those that a release, a build or an instance needs stay even where they are more. Default: 10 GiB. */
  readonly layerBudgetBytes: number;
  /** Largest pack that one push may send (receive.maxInputSize). Default: 2 GiB. */
  readonly maxPushBytes: number;
  /** internal: an authority of the platform's own signs a certificate for each host that has none. */
  readonly tls: Tls;
  /** acme: the directory of the authority that signs (RFC 8555). Default: Let's Encrypt. */
  readonly acmeDirectory: string;
  /** Where the authority may write to; null: nowhere. */
  readonly acmeEmail: string | null;
  readonly acmeProof: AcmeProof;
  /** Absolute path of a program that sets and removes TXT records (DNS-01); null: none. */
  readonly acmeDnsHook: string | null;
  /** After the program has set a record, until the authority is told to look. */
  readonly acmeDnsWaitMs: number;
  /** New certificates for one registered domain in a week: Let's Encrypt signs 50. Renewals do not count. */
  readonly acmeWeeklyLimit: number;
  /** HTTP tokens are taken over plain HTTP from anywhere, not only from loopback. */
  readonly allowPlainTokens: boolean;
  /** Where containers' addresses come from (each platform takes a /21 of it); nothing else on the network may use it. Default: RFC 2544's. */
  readonly addressPool: string;
  /** Addresses and networks of proxies before the router: what they say in X-Forwarded-For, -Proto and -Port is believed. Default: nobody. */
  readonly trustedProxies: readonly string[];
  /** What instances may be promised together. Default: the memory of the machine. */
  readonly memoryBytes: number;
}

export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const dataDirectory = env["PUSHBOAT_DATA"] ?? "/var/lib/pushboat";
  const platformId = createHash("sha256").update(dataDirectory).digest("hex").slice(0, 8);
  const integer = (name: string, fallback: number, least: number, most: number): number => {
    const text = env[name];
    if (text === undefined || text === "") return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new PushboatError({
        code: "settings/number",
        message: `${name} is ${JSON.stringify(text)}`,
        hint: `Give a whole number from ${least} to ${most}.`,
      });
    }
    return value;
  };
  const tls = env["PUSHBOAT_TLS"] || "off";
  if (tls !== "off" && tls !== "internal" && tls !== "acme") {
    throw new PushboatError({
      code: "settings/tls",
      message: `PUSHBOAT_TLS is ${JSON.stringify(tls)}`,
      hint: "Give acme, internal or off.",
    });
  }
  return {
    dataDirectory,
    platformId,
    runDirectory: `/run/pushboat/${platformId}`,
    cacheDirectory: env["PUSHBOAT_CACHE"] ?? "/var/cache/pushboat",
    domain: env["PUSHBOAT_DOMAIN"] ?? "localhost",
    httpPort: integer("PUSHBOAT_HTTP_PORT", 8080, 1, 65535),
    httpsPort: integer("PUSHBOAT_HTTPS_PORT", 8443, 1, 65535),
    sshPort: integer("PUSHBOAT_SSH_PORT", 2222, 1, 65535),
    metricsPort: integer("PUSHBOAT_METRICS_PORT", 0, 0, 65535),
    bind: env["PUSHBOAT_BIND"] ?? "0.0.0.0",
    redisUrl: env["REDIS_URL"] ?? null,
    buildConcurrency: integer("PUSHBOAT_BUILD_CONCURRENCY", Math.max(1, availableParallelism() - 1), 1, 64),
    drainTimeoutMs: integer("PUSHBOAT_DRAIN_TIMEOUT_MS", 30_000, 0, 3_600_000),
    stopTimeoutMs: integer("PUSHBOAT_STOP_TIMEOUT_MS", 30_000, 0, 3_600_000),
    bootTimeoutMs: integer("PUSHBOAT_BOOT_TIMEOUT_MS", 60_000, 1_000, 3_600_000),
    startTimeoutMs: integer("PUSHBOAT_START_TIMEOUT_MS", 60_000, 1_000, 3_600_000),
    releasesKept: integer("PUSHBOAT_RELEASES_KEPT", 10, 2, 1_000),
    cacheBudgetBytes: integer("PUSHBOAT_CACHE_BUDGET_BYTES", 10 * 1024 ** 3, 0, Number.MAX_SAFE_INTEGER),
    layerBudgetBytes: integer("PUSHBOAT_LAYER_BUDGET_BYTES", 10 * 1024 ** 3, 0, Number.MAX_SAFE_INTEGER),
    createOnPush: env["PUSHBOAT_CREATE_ON_PUSH"] !== "false",
    maxPushBytes: integer("PUSHBOAT_MAX_PUSH_BYTES", 2 * 1024 ** 3, 1_000_000, Number.MAX_SAFE_INTEGER),
    tls,
    acmeDirectory: acmeDirectory(env["PUSHBOAT_ACME_DIRECTORY"] || LETS_ENCRYPT),
    acmeEmail: env["PUSHBOAT_ACME_EMAIL"] || null,
    acmeProof: acmeProof(env["PUSHBOAT_ACME_PROOF"] || "auto", env["PUSHBOAT_ACME_DNS_HOOK"] || null),
    acmeDnsHook: acmeDnsHook(env["PUSHBOAT_ACME_DNS_HOOK"] || null),
    acmeDnsWaitMs: integer("PUSHBOAT_ACME_DNS_WAIT_MS", 10_000, 0, 3_600_000),
    acmeWeeklyLimit: integer("PUSHBOAT_ACME_WEEKLY_LIMIT", 45, 1, 1_000_000),
    allowPlainTokens: env["PUSHBOAT_ALLOW_PLAIN_TOKENS"] === "true",
    addressPool: env["PUSHBOAT_ADDRESS_POOL"] ?? "198.18.0.0/15",
    trustedProxies: networks(env["PUSHBOAT_TRUSTED_PROXIES"] ?? ""),
    memoryBytes: integer("PUSHBOAT_MEMORY_BYTES", totalmem(), 64 * 1024 ** 2, Number.MAX_SAFE_INTEGER),
  };
}

function networks(text: string): readonly string[] {
  const all = text.split(/[\s,]+/).filter((each) => each !== "");
  const wrong = all.find((each) => !isNetwork(each));
  if (wrong === undefined) return all;
  throw new PushboatError({
    code: "settings/trusted-proxies",
    message: `PUSHBOAT_TRUSTED_PROXIES has ${JSON.stringify(wrong)}, which is neither an address nor a network`,
    hint: "Give addresses or networks with commas between: 203.0.113.7,10.0.0.0/8,2001:db8::/32",
  });
}

function acmeDirectory(text: string): string {
  if (URL.canParse(text) && new URL(text).protocol === "https:") return text;
  throw new PushboatError({
    code: "settings/acme-directory",
    message: `PUSHBOAT_ACME_DIRECTORY is ${JSON.stringify(text)}`,
    hint: `Give the https address of the authority's directory, for example ${LETS_ENCRYPT}.`,
  });
}

function acmeProof(text: string, dnsHook: string | null): AcmeProof {
  if (!ACME_PROOFS.includes(text)) {
    throw new PushboatError({
      code: "settings/acme-proof",
      message: `PUSHBOAT_ACME_PROOF is ${JSON.stringify(text)}`,
      hint: `Give ${ACME_PROOFS.slice(0, -1).join(", ")} or dns-01.`,
    });
  }
  if (text === "dns-01" && dnsHook === null) {
    throw new PushboatError({
      code: "settings/acme-proof",
      message: "PUSHBOAT_ACME_PROOF is dns-01, and no program sets DNS records",
      hint: "Give one: --acme-dns-hook /usr/local/bin/dns-hook (docs/https.md).",
    });
  }
  return text as AcmeProof;
}

function acmeDnsHook(path: string | null): string | null {
  if (path === null || /^\/[^\0]+$/.test(path)) return path;
  throw new PushboatError({
    code: "settings/acme-dns-hook",
    message: `PUSHBOAT_ACME_DNS_HOOK is ${JSON.stringify(path)}`,
    hint: "Give the absolute path of the program: /usr/local/bin/dns-hook.",
  });
}
