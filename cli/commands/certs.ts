/** certs: the certificates that an environment was given. */
import type { CertificateSummary } from "../../control/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { heading } from "../table.ts";
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
  summary: "List the certificates that an environment was given",
  target: "environment",
  words: [],
  examples: ["certs blog"],
  json: `[${CERTIFICATE_SHAPE}]`,
  prepare:
    ({ target }) =>
    async ({ control, progress }) => {
      const all = await control.certificates(target);
      if (all.length === 0) progress.note(`${target.name} was given no certificate yet: certs:add ${target.name} < bundle.pem`);
      return result(
        all.map(certificateJson),
        all.length === 0 ? [] : [heading(`${target.name} Certificates`), ...all.map(certificateLine)],
      );
    },
};
