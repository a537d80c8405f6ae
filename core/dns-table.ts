/** What the name server of containers knows: who asks, and what each environment may see. Written by control, read by dns/. Pure. */
import { hostLabel } from "./host-label.ts";
import type { AppName, BranchName, EnvironmentName } from "./names.ts";

/** RFC 9476 has no better one; ICANN reserved `internal` for private use in 2024. */
export const DNS_ZONE = "internal";

export interface DnsEnvironment {
  readonly name: EnvironmentName;
  /** `blog`, `feature-x.blog`: what stands between the process type and the zone. */
  readonly domain: string;
  /** Addresses of all its containers: who asks from them is this environment. */
  readonly clients: readonly string[];
  /** Process type -> addresses of its ready instances. */
  readonly ready: Readonly<Record<string, readonly string[]>>;
  /** Environments that it was linked to. */
  readonly links: readonly EnvironmentName[];
}

export interface DnsTable {
  /** Where containers ask. */
  readonly address: string;
  readonly environments: readonly DnsEnvironment[];
}

/** `blog`; of a branch the host label's other half: `feature-x.blog`. */
export function dnsDomain(app: AppName, branch: BranchName | null): string {
  return branch === null ? app : `${hostLabel(app, branch).slice(0, -`--${app}`.length)}.${app}`;
}

export type DnsDecision =
  | { readonly kind: "forward" }
  /** It exists for this client; maybe nothing of it is ready. */
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  /** There is no such name, or not for this client: it cannot tell which. */
  | { readonly kind: "unknown-name" }
  /** Nobody we know (yet): it may have been started a moment ago. */
  | { readonly kind: "unknown-client" };

/** `web.internal`: of one's own environment. `web.blog.internal`, `web.feature-x.blog.internal`: of one's own or a linked one. */
export function decideDns({ environments }: DnsTable, client: string, name: string): DnsDecision {
  const labels = name.toLowerCase().replace(/\.$/, "").split(".");
  if (labels.at(-1) !== DNS_ZONE) return { kind: "forward" };
  const own = environments.find(({ clients }) => clients.includes(client));
  if (own === undefined) return { kind: "unknown-client" };
  const [type = "", ...rest] = labels.slice(0, -1);
  const domain = rest.join(".");
  const seen = [own, ...environments.filter(({ name: other }) => own.links.includes(other))];
  const environment = domain === "" ? own : seen.find((one) => one.domain === domain);
  const addresses = environment !== undefined && Object.hasOwn(environment.ready, type) ? environment.ready[type] : undefined;
  return addresses === undefined ? { kind: "unknown-name" } : { kind: "addresses", addresses };
}
