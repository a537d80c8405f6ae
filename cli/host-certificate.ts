/** What a host shows over HTTPS, as `certs` and `certs:all` say it. */
import type { HostCertificateSummary } from "../control/index.ts";
import { isoTime } from "./when.ts";

export const HOST_CERTIFICATE_SHAPE = "{host, environment, source, names, issuer, expires, error, next}";

export function hostCertificateJson({
  host,
  environment,
  source,
  names,
  issuer,
  expiresMs,
  error,
  nextMs,
}: HostCertificateSummary): object {
  const timeOrNull = (timeMs: number | null) => (timeMs === null ? null : isoTime(timeMs));
  return { host, environment, source, names, issuer, expires: timeOrNull(expiresMs), error, next: timeOrNull(nextMs) };
}

/** Cells of a table. */
export function hostCertificateRow({ host, source, expiresMs, error, nextMs }: HostCertificateSummary, nowMs: number): readonly string[] {
  const ends = expiresMs === null ? "" : `${expiresMs <= nowMs ? "ended" : "until"} ${isoTime(expiresMs).slice(0, 10)}`;
  const next = nextMs === null ? "" : `${error === null ? "renewed" : "tried again"} ${isoTime(nextMs).slice(0, 16).replace("T", " ")}`;
  return [host, source ?? "none", ends, next, error ?? ""];
}
