/** Which certificate each host shows: the user's own, else with `--tls internal` one of the platform's authority. */
import { X509Certificate } from "node:crypto";
import type { HostCertificate, HostName } from "../../core/index.ts";
import type { Deps } from "../deps.ts";
import { isRenewalDue } from "./acme-pace.ts";
import { isFor } from "./bundle.ts";
import { issueCertificate, makeAuthority, type Pair } from "./local-authority.ts";

export interface CertificateBook {
  /** What the router is to show for these hosts. */
  of(hosts: readonly HostName[]): readonly HostCertificate[];
}

interface Known extends Pair {
  readonly x509: X509Certificate;
}

export function createCertificateBook({ settings, store, now }: Pick<Deps, "settings" | "store" | "now">): CertificateBook {
  const issued = new Map<HostName, Known>();
  let authority: Pair | null = null;

  const ensureAuthority = (): Pair => {
    authority ??= store.certificates.authority();
    if (authority === null) {
      authority = makeAuthority(`Pushboat ${settings.platformId}`, now());
      store.certificates.setAuthority(authority);
    }
    return authority;
  };
  const internal = (host: HostName): Known => {
    const before = issued.get(host);
    if (before !== undefined && !isRenewalDue(before.x509, now())) return before;
    const made = known(issueCertificate(ensureAuthority(), host, now()));
    issued.set(host, made);
    return made;
  };

  const signedByAcme = (host: HostName): Known | null => {
    const pair = settings.tls === "acme" ? store.acme.of(host)?.pair : null;
    return pair == null ? null : known(pair);
  };

  return {
    of(hosts) {
      const own = store.certificates
        .all()
        .map(known)
        .filter(({ x509 }) => x509.validToDate.getTime() > now());
      const chosen = new Map<Known, HostName[]>();
      for (const host of hosts) {
        const certificate =
          own.find(({ x509 }) => isFor(x509, host)) ?? (settings.tls === "internal" ? internal(host) : signedByAcme(host));
        if (certificate !== null) chosen.set(certificate, [...(chosen.get(certificate) ?? []), host]);
      }
      const wanted = new Set(hosts);
      for (const host of issued.keys()) if (!wanted.has(host)) issued.delete(host);
      return [...chosen].map(([{ certificate, key }, of]) => ({ hosts: of, certificate, key }));
    },
  };
}

function known(pair: Pair): Known {
  return { ...pair, x509: new X509Certificate(pair.certificate) };
}
