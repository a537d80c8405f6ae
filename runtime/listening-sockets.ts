/** Which TCP sockets listen inside a container: /proc/PID/net/tcp{,6} (proc_net_tcp in the kernel's documentation). */
import { readFile } from "node:fs/promises";

export interface ListeningSocket {
  /** `127.0.0.1`, `0.0.0.0`, `::`, `::1` */
  readonly ip: string;
  readonly port: number;
}

const LISTEN = "0A";

/** Empty where the process is gone. */
export async function listeningSockets(pid: number): Promise<readonly ListeningSocket[]> {
  const tables = await Promise.all(["tcp", "tcp6"].map((table) => readFile(`/proc/${pid}/net/${table}`, "latin1").catch(() => "")));
  return tables.flatMap(parseSocketTable);
}

export function parseSocketTable(text: string): readonly ListeningSocket[] {
  return text.split("\n").flatMap((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    if (local === undefined || state !== LISTEN) return [];
    const [address, port] = local.split(":");
    if (address === undefined || port === undefined) return [];
    return [{ ip: address.length === 8 ? ipv4(address) : ipv6(address), port: Number.parseInt(port, 16) }];
  });
}

export function isLoopback(socket: ListeningSocket): boolean {
  return socket.ip.startsWith("127.") || socket.ip === "::1";
}

/** `127.0.0.1:5000`, `[::1]:5000` */
export function socketName(socket: ListeningSocket): string {
  return socket.ip.includes(":") ? `[${socket.ip}]:${socket.port}` : `${socket.ip}:${socket.port}`;
}

/** Four bytes, in the order of this (little-endian) machine. */
function ipv4(hex: string): string {
  return bytes(hex).reverse().join(".");
}

/** Four words, each in the order of this machine. Mapped IPv4 is shown as IPv4. */
function ipv6(hex: string): string {
  const words = [0, 8, 16, 24].map((at) => bytes(hex.slice(at, at + 8)).reverse());
  const all = words.flat();
  if (all.slice(0, 10).every((byte) => byte === 0) && all[10] === 255 && all[11] === 255) return all.slice(12).join(".");
  const groups = Array.from({ length: 8 }, (_, at) => (((all[2 * at] ?? 0) << 8) | (all[2 * at + 1] ?? 0)).toString(16));
  return compressZeros(groups);
}

function bytes(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

function compressZeros(groups: readonly string[]): string {
  const runs = groups.join(":").match(/(^|:)(0(:|$)){2,}/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest === "" ? groups.join(":") : groups.join(":").replace(longest, "::");
}
