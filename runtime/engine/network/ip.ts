/** The only file that spawns ip. */
import { runCommand, runCommandOrThrow } from "../command.ts";

/** Missing ones are as good as removed. */
export async function removeLinks(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await runCommand("ip", ["-force", "-batch", "-"], `${names.map((name) => `link del ${name}`).join("\n")}\n`);
}

export interface Uplink {
  readonly name: string;
  readonly mtu: number;
}

/** The interface that packets to an address leave by; null where there is no route. */
export async function uplinkTo(address: string): Promise<Uplink | null> {
  const outcome = await runCommand("ip", ["-j", "route", "get", address]);
  if (outcome.exitCode !== 0) return null;
  const [route] = JSON.parse(outcome.stdout) as { dev?: string }[];
  if (route?.dev === undefined) return null;
  const links = JSON.parse(await runCommandOrThrow("ip", ["-j", "link", "show", "dev", route.dev])) as { mtu: number }[];
  return { name: route.dev, mtu: links[0]?.mtu ?? 1500 };
}

/**
 * Addresses of the range that no container has lead nowhere. Without this, a packet for one that has just died leaves by the default route,
 * and a transparent proxy there accepts the connection.
 */
export async function closeRange(range: string): Promise<void> {
  await runCommandOrThrow("ip", ["route", "replace", "unreachable", range]);
}

/**
 * An address of the host's own, on the loopback interface: reachable from containers, announced to nobody. Scope host: never the
 * source of connections to containers, which another platform's firewall would judge by it.
 */
export async function addHostAddress(address: string): Promise<void> {
  await runCommandOrThrow("ip", ["address", "replace", `${address}/32`, "dev", "lo", "scope", "host"]);
}

export async function removeHostAddress(address: string): Promise<void> {
  await runCommand("ip", ["address", "del", `${address}/32`, "dev", "lo"]);
}

/** What is not there is as good as removed. */
export async function openRange(range: string): Promise<void> {
  await runCommand("ip", ["route", "del", "unreachable", range]);
}
