/** How an ACME authority is to be convinced that a name is ours. Pure. */
import type { AcmeProof, HostName, Settings } from "../../core/index.ts";
import type { AcmeRecord } from "../store/acme.ts";

export type Proof = Exclude<AcmeProof, "auto">;

interface ProofQuestion {
  readonly name: HostName;
  readonly settings: Pick<Settings, "acmeProof" | "httpPort" | "httpsPort">;
  readonly record: Pick<AcmeRecord, "failures" | "proof"> | null;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/**
 * To be tried one after the other. What worked the last time is first; after a failure the other one has its turn. Both in one attempt
 * only at the first: authorities count failures (Let's Encrypt: 5 of a host in an hour).
 */
export function proofsFor({ name, settings, record }: ProofQuestion): readonly Proof[] {
  if (name.startsWith("*.")) return ["dns-01"];
  if (settings.acmeProof !== "auto") return [settings.acmeProof];
  const first = record?.proof === "http-01" || record?.proof === "tls-alpn-01" ? record.proof : firstProof(settings);
  const second = first === "http-01" ? "tls-alpn-01" : "http-01";
  const failures = record?.failures ?? 0;
  if (failures === 0) return [first, second];
  return [failures % 2 === 0 ? first : second];
}

function firstProof({ httpPort, httpsPort }: ProofQuestion["settings"]): Proof {
  return httpsPort === HTTPS_PORT && httpPort !== HTTP_PORT ? "tls-alpn-01" : "http-01";
}

/** The authority did not find us, or somebody else, where it looked: another proof may be the way. Type: the last word of RFC 8555 6.7's. */
export function isWorthAnotherProof(problemType: string): boolean {
  return ["connection", "unauthorized", "tls", "incorrectResponse"].includes(problemType);
}
