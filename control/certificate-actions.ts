/** certs: certificates of a user's own, and the platform's authority. */
import { X509Certificate } from "node:crypto";
import { type HostName, PushboatError } from "../core/index.ts";
import type { CertificateSummary, Control } from "./api.ts";
import type { Deps } from "./deps.ts";
import { requireEnvironment } from "./find.ts";
import type { RouteFeed } from "./route-feed.ts";
import type { CertificateRecord } from "./store/certificates.ts";
import { namesOf, readBundle } from "./tls/bundle.ts";
import { issuerOf } from "./tls/host-certificates.ts";

type CertificateActions = Pick<Control, "addCertificate" | "certificates" | "allCertificates" | "removeCertificate" | "localAuthority">;

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
      const { name } = requireEnvironment(deps, target);
      const hosts = routes.certificates().filter(({ environment }) => environment === name);
      return { hosts, given: store.certificates.of(name).map(summaryOf) };
    },
    async allCertificates() {
      return routes.certificates();
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
  return { id, names: namesOf(x509), issuer: issuerOf(x509), expiresMs: x509.validToDate.getTime() };
}
