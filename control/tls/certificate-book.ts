/** Which certificate each host shows: the user's own, else with `--tls internal` one of the platform's authority, with `--tls acme` what was signed. */
import { X509Certificate } from "node:crypto";
import type { HostCertificate, HostName } from "../../core/index.ts";
import type { Deps } from "../deps.ts";
import { isRenewalDue } from "./acme-pace.ts";
import { wildcardOf } from "./acme-subject.ts";
import { isFor } from "./bundle.ts";
import { issueCertificate, makeAuthority, type Pair } from "./local-authority.ts";

export type CertificateSource = "own" | "internal" | "acme";

export interface ShownCertificate extends Pair {
  readonly x509: X509Certificate;
  readonly source: CertificateSource;
}

export interface CertificateBook {
  /** What the router is to show for these hosts: the same object as before where nothing changed. */
  of(hosts: readonly HostName[]): readonly HostCertificate[];
  /** What the hosts of the last `of` show; null: nothing. */
  shown(host: HostName): ShownCertificate | null;
}

export function createCertificateBook(
  { settings, store, now }: Pick<Deps, "settings" | "store" | "now">,
  parse: (pem: string) => X509Certificate = (pem) => new X509Certificate(pem),
): CertificateBook {
  const issued = new Map<HostName, ShownCertificate>();
  /** By source and certificate: neither parsed nor its key opened again for a next table. */
  let read = new Map<string, ShownCertificate>();
  let shown: ReadonlyMap<HostName, ShownCertificate> = new Map();
  let answer: readonly HostCertificate[] = [];
  let authority: Pair | null = null;

  const ensureAuthority = (): Pair => {
    authority ??= store.certificates.authority();
    if (authority === null) {
      authority = makeAuthority(`Pushboat ${settings.platformId}`, now());
      store.certificates.setAuthority(authority);
    }
    return authority;
  };
  const internal = (host: HostName): ShownCertificate => {
    const before = issued.get(host);
    if (before !== undefined && !isRenewalDue(before.x509, now())) return before;
    const pair = issueCertificate(ensureAuthority(), host, now());
    const made = { ...pair, x509: parse(pair.certificate), source: "internal" } as const;
    issued.set(host, made);
    return made;
  };
  const readOnce = (
    source: CertificateSource,
    certificate: string,
    key: () => string | null,
    kept: Map<string, ShownCertificate>,
  ): readonly ShownCertificate[] => {
    const id = `${source} ${certificate}`;
    const known = read.get(id) ?? readNow(source, certificate, key());
    if (known === null) return [];
    kept.set(id, known);
    return [known];
  };
  const readNow = (source: CertificateSource, certificate: string, key: string | null): ShownCertificate | null =>
    key === null ? null : { certificate, key, source, x509: parse(certificate) };
  const isAlive = ({ x509 }: ShownCertificate) => x509.validToDate.getTime() > now();

  const choose = (hosts: readonly HostName[]): ReadonlyMap<HostName, ShownCertificate> => {
    const kept = new Map<string, ShownCertificate>();
    const own = store.certificates
      .all()
      .flatMap(({ id, certificate }) => readOnce("own", certificate, () => store.certificates.key(id), kept))
      .filter(isAlive);
    const signed = new Map<HostName, ShownCertificate>();
    for (const { name, certificate } of settings.tls === "acme" ? store.acme.all() : []) {
      if (certificate === null) continue;
      for (const known of readOnce("acme", certificate, () => store.acme.key(name), kept)) signed.set(name, known);
    }
    read = kept;
    const wildcard = signed.get(wildcardOf(settings.domain));
    /** One that ended is shown where there is no better one: it says to whoever looks what is wrong. */
    const byAcme = (host: HostName): ShownCertificate | undefined => {
      const fits = host.endsWith(`.${settings.domain}`) ? [wildcard, signed.get(host)] : [signed.get(host)];
      return fits.find((each) => each !== undefined && isAlive(each)) ?? fits.find((each) => each !== undefined);
    };
    const chosen = new Map<HostName, ShownCertificate>();
    for (const host of hosts) {
      const certificate = own.find(({ x509 }) => isFor(x509, host)) ?? (settings.tls === "internal" ? internal(host) : byAcme(host));
      if (certificate !== undefined) chosen.set(host, certificate);
    }
    return chosen;
  };

  return {
    of(hosts) {
      const before = shown;
      shown = choose(hosts);
      const wanted = new Set(hosts);
      for (const host of issued.keys()) if (!wanted.has(host)) issued.delete(host);
      if (!isSame(before, shown)) answer = grouped(shown);
      return answer;
    },
    shown: (host) => shown.get(host) ?? null,
  };
}

function isSame(one: ReadonlyMap<HostName, ShownCertificate>, other: ReadonlyMap<HostName, ShownCertificate>): boolean {
  return one.size === other.size && [...one].every(([host, certificate]) => other.get(host) === certificate);
}

function grouped(shown: ReadonlyMap<HostName, ShownCertificate>): readonly HostCertificate[] {
  const hosts = new Map<ShownCertificate, HostName[]>();
  for (const [host, certificate] of shown) {
    const sharing = hosts.get(certificate);
    if (sharing === undefined) hosts.set(certificate, [host]);
    else sharing.push(host);
  }
  return [...hosts].map(([{ certificate, key }, of]) => ({ hosts: of, certificate, key }));
}
