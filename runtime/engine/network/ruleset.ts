/** The platform's firewall as one nft transaction. Pure. */
import { BENCHMARK_RANGE, type Slices } from "../slices.ts";

export interface AllowedFlow {
  /** The container's address. */
  readonly source: string;
  readonly address: string;
  readonly port: number;
}

export interface RulesetInput {
  readonly slices: Slices;
  /** The pool that all platforms take their addresses from. */
  readonly addressPool: string;
  readonly resolvers: readonly string[];
  /** Interfaces that forward only because of us. */
  readonly uplinks: readonly string[];
  readonly flows: readonly AllowedFlow[];
  readonly peers: readonly PeerFlow[];
}

/** One container may connect to another: of its own environment, or of a linked one. */
export interface PeerFlow {
  readonly source: string;
  readonly address: string;
}

/** Closed unless allowed: private, shared, link-local (metadata services), loopback, benchmarking, multicast and reserved ranges. */
const PRIVATE_RANGES = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  BENCHMARK_RANGE,
  "224.0.0.0/3",
];

/** Replaces the platform's table by a new one, in one step. */
export function renderRuleset(input: RulesetInput): string {
  const { slices } = input;
  const table = `inet ${slices.nftTable}`;
  const links = `"${slices.linkPrefix}*"`;
  const ranges = [...new Set([...PRIVATE_RANGES, input.addressPool])];
  return `add table ${table}
delete table ${table}
table ${table} {
  set resolvers { type ipv4_addr; ${elements(input.resolvers)} }
  set private { type ipv4_addr; flags interval; auto-merge; ${elements(ranges)} }
  set allowed { type ipv4_addr . ipv4_addr . inet_service; ${elements(input.flows.map(flowElement))} }
  set peers { type ipv4_addr . ipv4_addr; ${elements(input.peers.map(peerElement))} }
  set uplinks { type ifname; ${elements(input.uplinks.map((name) => `"${name}"`))} }

  chain spoofed {
    type filter hook prerouting priority raw; policy accept;
    iifname ${links} meta nfproto ipv6 drop
    iifname ${links} fib saddr . iif oif missing drop comment "a source that is not the container's own"
  }
  chain to_host {
    type filter hook input priority filter - 10; policy accept;
    iifname ${links} jump from_container_to_host
    ip daddr ${slices.dnsAddress} meta l4proto { tcp, udp } th dport 53 drop comment "names are for containers only"
  }
  chain from_container_to_host {
    ct direction reply ct state established,related accept comment "answers to the host's own connections"
    ip daddr ${slices.dnsAddress} meta l4proto { tcp, udp } th dport 53 accept
    ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept
    ip saddr . ip daddr . tcp dport @allowed accept
    reject with icmpx admin-prohibited
  }
  chain forwarded {
    type filter hook forward priority filter - 10; policy accept;
    iifname ${links} jump from_container
    oifname ${links} jump to_container
    iifname @uplinks oifname @uplinks drop comment "these forward for the containers only"
  }
  chain from_container {
    ct direction reply ct state established,related accept comment "answers to peers"
    ip saddr . ip daddr @peers accept
    ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept
    ip saddr . ip daddr . tcp dport @allowed accept
    ip daddr @private reject with icmpx admin-prohibited
    meta nfproto ipv6 drop
    accept
  }
  chain to_container {
    ct state established,related accept
    drop
  }
  chain outgoing {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${slices.addressRange} oifname != ${links} masquerade
  }
}
`;
}

/** Makes the allowed flows exactly these. */
export function renderFlows(slices: Slices, flows: readonly AllowedFlow[]): string {
  const set = `inet ${slices.nftTable} allowed`;
  const add = flows.length === 0 ? "" : `add element ${set} { ${flows.map(flowElement).join(", ")} }\n`;
  return `flush set ${set}\n${add}`;
}

/** Makes the pairs of containers that may connect exactly these. */
export function renderPeers(slices: Slices, peers: readonly PeerFlow[]): string {
  const set = `inet ${slices.nftTable} peers`;
  const add = peers.length === 0 ? "" : `add element ${set} { ${peers.map(peerElement).join(", ")} }\n`;
  return `flush set ${set}\n${add}`;
}

export function renderResolvers(slices: Slices, resolvers: readonly string[]): string {
  const set = `inet ${slices.nftTable} resolvers`;
  const add = resolvers.length === 0 ? "" : `add element ${set} { ${resolvers.join(", ")} }\n`;
  return `flush set ${set}\n${add}`;
}

export function renderUplinks(slices: Slices, uplinks: readonly string[]): string {
  if (uplinks.length === 0) return "";
  return `add element inet ${slices.nftTable} uplinks { ${uplinks.map((name) => `"${name}"`).join(", ")} }\n`;
}

export function renderTableRemoval(slices: Slices): string {
  const table = `inet ${slices.nftTable}`;
  return `add table ${table}\ndelete table ${table}\n`;
}

function flowElement(flow: AllowedFlow): string {
  return `${flow.source} . ${flow.address} . ${flow.port}`;
}

function peerElement({ source, address }: PeerFlow): string {
  return `${source} . ${address}`;
}

function elements(values: readonly string[]): string {
  return values.length === 0 ? "" : `elements = { ${values.join(", ")} }`;
}
