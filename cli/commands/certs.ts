/** certs: which certificate each host of an environment shows, and those it was given. */
import type { CertificateSummary } from "../../control/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { HOST_CERTIFICATE_SHAPE, hostCertificateJson, hostCertificateRow } from "../host-certificate.ts";
import { heading, table } from "../table.ts";
import { isoTime } from "../when.ts";

export const CERTIFICATE_SHAPE = "{id, names, issuer, expires}";

export function certificateJson({ id, names, issuer, expiresMs }: CertificateSummary): unknown {
  return { id, names, issuer, expires: isoTime(expiresMs) };
}

export function certificateLine({ id, names, issuer, expiresMs }: CertificateSummary): string {
  return `${id}  ${names}  until ${isoTime(expiresMs).slice(0, 10)}  by ${issuer}`;
}

export const certs: EnvironmentCommand = {
  name: "certs",
  aliases: ["certs:list"],
  summary: "Show which certificate each host of an environment shows, and those it was given",
  details:
    "Source: own (certs:add), acme (signed by the authority of --tls acme), internal (by the platform's own), none. next: when it is renewed, or " +
    "ordered again after the error. A host below the platform's domain that nobody asked for over HTTPS yet has none with --tls acme.",
  target: "environment",
  words: [],
  examples: ["certs blog"],
  json: `{hosts:[${HOST_CERTIFICATE_SHAPE}], given:[${CERTIFICATE_SHAPE}]}`,
  prepare:
    ({ target }) =>
    async ({ control, nowMs, progress }) => {
      const { hosts, given } = await control.certificates(target);
      if (given.length === 0) progress.note(`${target.name} was given no certificate yet: certs:add ${target.name} < bundle.pem`);
      return result({ hosts: hosts.map(hostCertificateJson), given: given.map(certificateJson) }, [
        heading(`${target.name} Hosts`),
        ...table(hosts.map((each) => hostCertificateRow(each, nowMs))),
        ...(given.length === 0 ? [] : [heading(`${target.name} Certificates`), ...given.map(certificateLine)]),
      ]);
    },
};
