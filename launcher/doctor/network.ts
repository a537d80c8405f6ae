/** What `doctor` sees of the network: names, resolvers, firewalls of others, the way out of a container, the clock of somebody else. */
import { execFile } from "node:child_process";
import { lookup } from "node:dns/promises";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import type { Settings } from "../../core/settings.ts";
import { type Check, type Finding, well } from "./finding.ts";
import { type Chain, judgeClock, judgeFirewall, judgeName } from "./judge.ts";

const run = promisify(execFile);
/** Interfaces of all platforms begin like this (runtime/engine/slices.ts). */
const LINK_PREFIX = "pb";
const PATIENCE_MS = 5_000;

export function networkChecks(settings: Settings): Readonly<Record<string, Check>> {
  return {
    names: async () => [await names(settings.domain)],
    resolvers: async () => [resolvers()],
    "foreign firewall": async () => [judgeFirewall(await chains(), LINK_PREFIX)],
    "way out of a container": async () => [await wayOut(settings)],
    forwarding: async () => [forwarding()],
    authority: async () => (settings.tls === "acme" ? await authority(settings.acmeDirectory) : []),
  };
}

/** Any label below the domain has to come here, so one that nobody has is asked for. */
async function names(domain: string): Promise<Finding> {
  if (domain === "localhost" || domain.endsWith(".localhost"))
    return well("names", `${domain}: only this machine's own browsers find the apps`);
  const name = `pushboat-doctor.${domain}`;
  const found = await lookup(name, { all: true }).catch(() => []);
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return judgeName(
    name,
    found.map(({ address }) => address),
    own,
  );
}

function resolvers(): Finding {
  const servers = [...readFileSync("/etc/resolv.conf", "utf8").matchAll(/^nameserver\s+(\S+)/gm)].map(([, address]) => address as string);
  if (servers.length > 0) return well("resolvers", servers.join(", "));
  return {
    check: "resolvers",
    level: "trouble",
    seen: "/etc/resolv.conf names none",
    why: "Builds and apps look names up where this machine does.",
    mend: "echo nameserver ADDRESS >> /etc/resolv.conf",
  };
}

async function chains(): Promise<readonly Chain[]> {
  const { stdout } = await run("nft", ["-j", "list", "chains"]);
  const { nftables } = JSON.parse(stdout) as { nftables: { chain?: Chain & { hook?: string; policy?: string } }[] };
  return nftables.flatMap(({ chain }) =>
    chain === undefined
      ? []
      : [{ family: chain.family, table: chain.table, name: chain.name, hook: chain.hook ?? null, policy: chain.policy ?? null }],
  );
}

function forwarding(): Finding {
  if (readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim() === "1") return well("forwarding", "on");
  return well("forwarding", "off for all; each interface that needs it has its own switch");
}

/** From the network namespace of any instance to this machine's resolver, as a build or an app would go. */
async function wayOut(settings: Settings): Promise<Finding> {
  const check = "way out of a container";
  const pid = someContainer(settings.runDirectory);
  const server = /^nameserver\s+(\S+)/m.exec(readFileSync("/etc/resolv.conf", "utf8"))?.[1];
  if (pid === null || server === undefined)
    return { check, level: "unknown", seen: pid === null ? "no instance runs to try it from" : "there is no resolver to ask" };
  const ask = `const { Resolver } = require("node:dns"); const r = new Resolver({ timeout: 2000, tries: 2 }); r.setServers([process.argv[1]]);
    r.resolve4("pushboat-doctor.invalid", (error) => process.exit(error && error.code !== "ENOTFOUND" && error.code !== "ESERVFAIL" ? 1 : 0));`;
  const went = await run("nsenter", ["--net", "--target", String(pid), process.execPath, "-e", ask, server], {
    timeout: 2 * PATIENCE_MS,
  }).then(
    () => true,
    () => false,
  );
  if (went) return well(check, `the resolver ${server} answers`);
  return {
    check,
    level: "trouble",
    seen: `${server} does not answer an instance`,
    why: "Apps find no name outside the machine, and builds no registry.",
    mend: "See `foreign firewall` above, and the firewall of the network before this machine.",
  };
}

function someContainer(runDirectory: string): number | null {
  try {
    for (const id of readdirSync(`${runDirectory}/runc`)) {
      const state = JSON.parse(readFileSync(`${runDirectory}/runc/${id}/state.json`, "utf8")) as { init_process_pid?: number };
      if (state.init_process_pid !== undefined) return state.init_process_pid;
    }
  } catch {
    // not up, or nothing runs
  }
  return null;
}

/** The certificate authority: reached, and its clock beside ours. */
async function authority(directory: string): Promise<readonly Finding[]> {
  const { status, dateMs, error } = await head(directory);
  if (error !== null)
    return [
      {
        check: "authority",
        level: "trouble",
        seen: `${directory}: ${error}`,
        why: "No certificate can be ordered or renewed.",
        mend: "Let the machine reach it, or use certs:add.",
      },
    ];
  const reached = well("authority", `${directory} answers ${status}`);
  return dateMs === null ? [reached] : [reached, judgeClock(Date.now(), dateMs, directory)];
}

function head(url: string): Promise<{ status: number; dateMs: number | null; error: string | null }> {
  return new Promise((resolve) => {
    const asked = request(url, { method: "HEAD", timeout: PATIENCE_MS }, (answer) => {
      answer.resume();
      const dateMs = Date.parse(answer.headers.date ?? "");
      resolve({ status: answer.statusCode ?? 0, dateMs: Number.isNaN(dateMs) ? null : dateMs, error: null });
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    asked.on("error", (error) => resolve({ status: 0, dateMs: null, error: error.message }));
    asked.end();
  });
}
