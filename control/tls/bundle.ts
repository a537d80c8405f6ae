/** A user's own certificate: PEM text of a chain and its key, judged before it is stored. Pure. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { type HostName, PushboatError } from "../../core/index.ts";
import { belongTogether, type Pair } from "./local-authority.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]*?-----END (?:RSA |EC )?PRIVATE KEY-----/g;

/** `hosts`: of the environment; the certificate has to be for at least one of them. */
export function readBundle(text: string, hosts: readonly HostName[], nowMs: number): Pair {
  const chain = text.match(CERTIFICATE) ?? [];
  const keys = text.match(KEY) ?? [];
  if (chain.length === 0 || keys.length !== 1) {
    throw problem(
      "certs/pem",
      `There are ${chain.length} certificates and ${keys.length} private keys in the input`,
      "Give the chain and the key, without a passphrase, in PEM: cat fullchain.pem key.pem | ... certs:add APP",
    );
  }
  const certificate = readCertificate(chain[0] as string);
  const key = readKey(keys[0] as string);
  if (!belongTogether(certificate, key)) {
    throw problem(
      "certs/key",
      "The private key is not the first certificate's",
      "The first certificate has to be the server's own; the others lead to its root.",
    );
  }
  if (certificate.validToDate.getTime() <= nowMs) {
    throw problem(
      "certs/expired",
      `The certificate ended on ${certificate.validToDate.toISOString().slice(0, 10)}`,
      "Renew it where it came from, then add it again.",
    );
  }
  if (!hosts.some((host) => isFor(certificate, host))) {
    throw problem(
      "certs/hosts",
      `The certificate is for ${namesOf(certificate)}, not for ${hosts.join(" or ")}`,
      "Add the domain first: domains:add APP HOST",
    );
  }
  return { certificate: `${chain.join("\n")}\n`, key: `${keys[0]}\n` };
}

export function isFor(certificate: X509Certificate, host: string): boolean {
  return certificate.checkHost(host, { subject: "never" }) !== undefined;
}

export function namesOf(certificate: X509Certificate): string {
  return (certificate.subjectAltName ?? "nobody").replaceAll("DNS:", "");
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw problem("certs/pem", "The certificate cannot be read", "It has to be X.509 in PEM.", cause);
  }
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw problem("certs/pem", "The private key cannot be read", "It has to be PEM, without a passphrase.", cause);
  }
}

function problem(code: string, message: string, hint: string, cause?: unknown): PushboatError {
  return new PushboatError({ code, message, hint, cause });
}
