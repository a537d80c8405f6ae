/** Which name servers a container can use: the host's, unless they listen on the host's loopback. Pure but for the reading. */
import { readFileSync } from "node:fs";
import { addressNumber } from "../slices.ts";

export interface Resolver {
  /** IPv4 addresses. */
  readonly servers: readonly string[];
  /** The container's /etc/resolv.conf. */
  readonly text: string;
}

/** Where systemd-resolved keeps its real upstreams. */
const UPSTREAMS_FILE = "/run/systemd/resolve/resolv.conf";

export function readResolver(): Resolver {
  return chooseResolver(readIfThere("/etc/resolv.conf"), readIfThere(UPSTREAMS_FILE));
}

/** The host's own file, or the upstreams behind it where it names a loopback address, which means the container itself in there. */
export function chooseResolver(hostFile: string, upstreamsFile: string): Resolver {
  const own = serversIn(hostFile);
  const servers = own.some((server) => server.startsWith("127.")) || own.length === 0 ? serversIn(upstreamsFile) : own;
  const reachable = [...new Set([...servers, ...own])].filter((server) => !server.startsWith("127."));
  const others = hostFile.split("\n").filter((line) => /^\s*(search|domain|options)\s/.test(line));
  return { servers: reachable, text: [...reachable.map((server) => `nameserver ${server}`), ...others, ""].join("\n") };
}

/** IPv4 only: containers have no IPv6. */
function serversIn(file: string): readonly string[] {
  return file
    .split("\n")
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? "")
    .filter((server) => addressNumber(server) !== null);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
