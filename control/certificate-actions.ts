/** certs: certificates of a user's own, and the platform's authority. */
import { X509Certificate } from "node:crypto";
import { type HostName, PushboatError } from "../core/index.ts";
import type { CertificateSummary, Control } from "./api.ts";
import type { Deps } from "./deps.ts";
import { requireEnvironment } from "./find.ts";
import type { RouteFeed } from "./route-feed.ts";
import type { CertificateRecord } from "./store/certificates.ts";
import { namesOf, readBundle } from "./tls/bundle.ts";

type CertificateActions = Pick<Control, "addCertificate" | "certificates" | "removeCertificate" | "localAuthority">;

export function createCertificateActions(deps: Deps, routes: RouteFeed): CertificateActions {
  const { store, settings, now } = deps;
  return {
    async addCertificate(target, bundle, actor) {
      const environment = requireEnvironment(deps, target);
      const hosts = store.apps
        .hosts(environment.name)
        .map(({ host, kind }) => (kind === "label" ? `${host}.${settings.domain}` : host) as HostName);
      store.certificates.add(environment.name, readBundle(bundle, hosts, now()), now());
      store.access.audit(actor.identity, "certs:add", target.name, now());
      await routes.publishNew();
      return summaryOf(store.certificates.of(environment.name)[0] as CertificateRecord);
    },
    async certificates(target) {
      return store.certificates.of(requireEnvironment(deps, target).name).map(summaryOf);
    },
    async removeCertificate(target, id, actor) {
      if (!store.certificates.remove(requireEnvironment(deps, target).name, id)) {
        throw new PushboatError({
          code: "certs/unknown",
          message: `${target.name} has no certificate ${id}`,
          hint: `See \`certs ${target.name}\`.`,
        });
      }
      store.access.audit(actor.identity, "certs:remove", `${target.name} ${id}`, now());
      await routes.publishNew();
    },
    async localAuthority() {
      const authority = store.certificates.authority();
      if (authority !== null) return authority.certificate;
      throw new PushboatError({
        code: "certs/no-authority",
        message: "This platform signs no certificates",
        hint: "On the server: ./pushboat down, then ./pushboat up --tls internal",
      });
    },
  };
}

function summaryOf({ id, certificate }: CertificateRecord): CertificateSummary {
  const x509 = new X509Certificate(certificate);
  const issuer = /^(?:CN|O)=(.*)$/m.exec(x509.issuer)?.[1] ?? x509.issuer.replaceAll("\n", ", ");
  return { id, names: namesOf(x509), issuer, expiresMs: x509.validToDate.getTime() };
}
