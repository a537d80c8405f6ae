/** One question of a container answered: from the table, or by the host's resolvers. */
import packet, { type Packet, type Question } from "dns-packet";
import { DNS_ZONE, type DnsDecision, type DnsTable, decideDns } from "../core/dns-table.ts";
import type { TableFile } from "./table-file.ts";
import { askUpstream, type Upstreams } from "./upstream.ts";

export interface Asked {
  readonly message: Buffer;
  /** Address of who asks: the firewall lets no container have another's. */
  readonly client: string;
  readonly over: "udp" | "tcp";
}

/** Instances come and go with each deploy. */
const TTL_SECONDS = 2;
/** A container asks a few milliseconds after its start; the table follows it. */
const UNKNOWN_CLIENT_MS = 2_000;
/** RFC 1035 4.2.1, without EDNS. */
const UDP_BYTES = 512;
const NXDOMAIN = 3;
const SERVFAIL = 2;
const REFUSED = 5;

/** null: no answer, to what is no question. */
export async function reply(asked: Asked, table: TableFile, upstreams: Upstreams): Promise<Buffer | null> {
  const query = decoded(asked.message);
  const question = query?.questions?.[0];
  if (query === null || query.type !== "query" || question === undefined) return null;
  const decision = await decide(asked.client, question.name, table);
  if (decision.kind === "forward") return (await askUpstream(upstreams, asked.message, asked.over)) ?? failed(query, question, SERVFAIL);
  if (decision.kind === "unknown-client") return failed(query, question, REFUSED);
  if (decision.kind === "unknown-name") return failed(query, question, NXDOMAIN);
  return addresses(query, question, decision.addresses, asked.over);
}

async function decide(client: string, name: string, table: TableFile): Promise<DnsDecision> {
  const patientUntilMs = performance.now() + UNKNOWN_CLIENT_MS;
  for (;;) {
    const decision = decideNow(table.current(), client, name);
    const leftMs = patientUntilMs - performance.now();
    if (decision.kind !== "unknown-client" || leftMs <= 0) return decision;
    await table.changed(leftMs);
  }
}

function decideNow(table: DnsTable | null, client: string, name: string): DnsDecision {
  return table === null ? { kind: "unknown-client" } : decideDns(table, client, name);
}

function decoded(message: Buffer): Packet | null {
  try {
    return packet.decode(message);
  } catch {
    return null;
  }
}

/** Other types than A: the name is there and has none (RFC 2308 2.2). */
function addresses(query: Packet, question: Question, ips: readonly string[], over: Asked["over"]): Buffer {
  const wanted = question.type === "A" ? shuffled(ips) : [];
  const answers = wanted.map((data) => ({ type: "A" as const, name: question.name, ttl: TTL_SECONDS, data }));
  const whole = packet.encode({
    ...head(query, question, 0),
    answers,
    ...(answers.length > 0 ? {} : { authorities: [startOfAuthority()] }),
  });
  if (over === "tcp" || whole.length <= UDP_BYTES) return whole;
  return packet.encode({ ...head(query, question, packet.TRUNCATED_RESPONSE), answers: [] });
}

function failed(query: Packet, question: Question, code: number): Buffer {
  return packet.encode({ ...head(query, question, code), ...(code === NXDOMAIN ? { authorities: [startOfAuthority()] } : {}) });
}

function head(query: Packet, question: Question, flags: number): Packet {
  const asked = (query.flags ?? 0) & packet.RECURSION_DESIRED;
  return {
    type: "response",
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE | asked | flags,
    questions: [question],
  };
}

/** How long "no" may be remembered: its minimum. */
function startOfAuthority() {
  const data = { mname: DNS_ZONE, rname: `nobody.${DNS_ZONE}`, serial: 1, refresh: 60, retry: 60, expire: 60, minimum: TTL_SECONDS };
  return { type: "SOA" as const, name: DNS_ZONE, ttl: TTL_SECONDS, data };
}

/** Most clients take the first: each answer begins with another. */
function shuffled(ips: readonly string[]): readonly string[] {
  const start = Math.floor(Math.random() * ips.length);
  return [...ips.slice(start), ...ips.slice(0, start)];
}
