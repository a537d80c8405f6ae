/** certs:add: a certificate of the user's own, from stdin. */
import { type EnvironmentCommand, result } from "../command.ts";
import { CERTIFICATE_SHAPE, certificateJson, certificateLine } from "./certs.ts";

export const certsAdd: EnvironmentCommand = {
  name: "certs:add",
  summary: "Show a certificate of your own over HTTPS",
  details: "stdin is PEM: the chain, the server's own certificate first, and its private key without a passphrase. It is live at once.",
  target: "environment",
  words: [],
  examples: ["certs:add blog < bundle.pem"],
  json: CERTIFICATE_SHAPE,
  prepare:
    ({ target }) =>
    async ({ control, actor, input, progress }) => {
      const bundle = await input.text("the certificate chain and its key");
      progress.begin(`Adding the certificate to ${target.name}`);
      const added = await control.addCertificate(target, bundle, actor);
      progress.done();
      return result(certificateJson(added), [certificateLine(added)]);
    },
};
