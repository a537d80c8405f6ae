/** certs:authority: what a browser has to trust with `--tls internal`. */
import { type PlainCommand, result } from "../command.ts";

export const certsAuthority: PlainCommand = {
  name: "certs:authority",
  summary: "Print the certificate of the platform's own authority",
  details: "With `up --tls internal` it signs the certificates of all hosts. Whoever imports it trusts them.",
  target: "none",
  words: [],
  examples: ["certs:authority > pushboat-ca.pem"],
  json: "{certificate}",
  prepare:
    () =>
    async ({ control }) => {
      const certificate = await control.localAuthority();
      return result({ certificate }, [certificate.trimEnd()]);
    },
};
