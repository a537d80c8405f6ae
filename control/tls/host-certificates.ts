/** What hosts show over HTTPS, what goes wrong with it, and when it is tried again. Pure. */
import type { EnvironmentName, HostName } from "../../core/index.ts";
import type { HostCertificateSummary } from "../api.ts";
import type { AcmeRecord } from "../store/acme.ts";
import { namesOf } from "./bundle.ts";
import type { ShownCertificate } from "./certificate-book.ts";

interface HostQuestion {
  readonly host: HostName;
  readonly environment: EnvironmentName;
  readonly shown: ShownCertificate | null;
  /** Of what is ordered for it; null: nothing was yet, or it is none of the authority's. */
  readonly record: AcmeRecord | null;
}

const DAY_MS = 24 * 3_600_000;
/** Whoever renews by hand needs some days; those of authorities have 30 left then. */
const ENDS_SOON_MS = 14 * DAY_MS;

export function summaryOf({ host, environment, shown, record }: HostQuestion): HostCertificateSummary {
  const isOrdered = shown?.source !== "own" && record !== null;
  return {
    host,
    environment,
    source: shown?.source ?? null,
    names: shown === null ? null : namesOf(shown.x509),
    issuer: shown === null ? null : issuerOf(shown.x509),
    expiresMs: shown?.x509.validToDate.getTime() ?? null,
    error: isOrdered ? record.error : null,
    nextMs: isOrdered && record.nextMs > 0 ? record.nextMs : null,
  };
}

export function issuerOf({ issuer }: { readonly issuer: string }): string {
  return /^(?:CN|O)=(.*)$/m.exec(issuer)?.[1] ?? issuer.replaceAll("\n", ", ");
}

/** One sentence for whoever can do something about it; null: all is well. */
export function troubleOf({ host, source, expiresMs, error, nextMs }: HostCertificateSummary, nowMs: number): string | null {
  if (error !== null) {
    const again = nextMs === null ? "" : `; tried again ${new Date(nextMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
    return `no certificate was signed for ${host}: ${error}${again}`;
  }
  if (expiresMs === null) return null;
  const day = new Date(expiresMs).toISOString().slice(0, 10);
  if (expiresMs <= nowMs) return `the certificate of ${host} ended on ${day}`;
  return source === "own" && expiresMs - nowMs < ENDS_SOON_MS ? `the certificate of ${host} ends on ${day}: certs:add a new one` : null;
}
