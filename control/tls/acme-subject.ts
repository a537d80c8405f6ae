/** What is ordered for a host at an ACME authority, and whether before anybody asks for it. Pure. */
import { isIP } from "node:net";
import type { HostName, Settings } from "../../core/index.ts";

export interface HostFacts {
  readonly host: HostName;
  /** label: below the platform's domain. */
  readonly kind: "label" | "domain";
  readonly isBranch: boolean;
}

export interface Subject {
  /** The name in the certificate: the host, or `*.DOMAIN`. */
  readonly name: HostName;
  /** false: at the first handshake that asks for it. */
  readonly isEager: boolean;
  readonly isBranch: boolean;
}

type AcmeSettings = Pick<Settings, "domain" | "acmeDirectory" | "acmeDnsHook">;

/** RFC 6761, RFC 9476 and draft names that no public authority signs; one of a company's own may. */
const PRIVATE_ENDS = ["internal", "local", "test", "example", "lan", "home", "corp", "intranet", "home.arpa"];
/** Nobody signs these. */
const NEVER_ENDS = ["localhost", "invalid", "onion", "alt"];

/** null: nothing is ordered for it. */
export function subjectOf({ host, kind, isBranch }: HostFacts, settings: AcmeSettings): Subject | null {
  if (!isOrderable(host, settings)) return null;
  // One certificate for all of them: a branch takes nothing of what an authority gives a domain in a week.
  if (kind === "label" && settings.acmeDnsHook !== null) {
    return { name: wildcardOf(settings.domain), isEager: true, isBranch: false };
  }
  // Branches come and go, and most are looked at by nobody: first when somebody comes.
  return { name: host, isEager: kind === "domain", isBranch };
}

export function wildcardOf(domain: string): HostName {
  return `*.${domain}` as HostName;
}

/** A wildcard can be proved by DNS only (RFC 8555 7.1.3). */
export function isOrderable(host: string, { acmeDirectory, acmeDnsHook }: Pick<AcmeSettings, "acmeDirectory" | "acmeDnsHook">): boolean {
  const name = host.replace(/^\*\./, "");
  if (!name.includes(".") || isIP(name) !== 0 || endsWith(name, NEVER_ENDS)) return false;
  if (name !== host && acmeDnsHook === null) return false;
  return !isPublicAuthority(acmeDirectory) || !endsWith(name, PRIVATE_ENDS);
}

function isPublicAuthority(directory: string): boolean {
  return !endsWith(new URL(directory).hostname, [...PRIVATE_ENDS, ...NEVER_ENDS]) && new URL(directory).hostname.includes(".");
}

function endsWith(name: string, ends: readonly string[]): boolean {
  return ends.some((end) => name === end || name.endsWith(`.${end}`));
}
