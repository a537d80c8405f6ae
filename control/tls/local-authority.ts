/** The certificate authority of `--tls internal`: made once for a platform, signs a certificate for each host. Pure, but for randomness. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { bits, integer, objectIdentifier, octets, sequence, set, tagged, time, truth, utf8 } from "./der.ts";

/** PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const AUTHORITY_LIFE_MS = 3650 * DAY_MS;
/** Apple refuses server certificates of more than 398 days. */
const LEAF_LIFE_MS = 90 * DAY_MS;
/** Clocks of clients differ. */
const BACKDATED_MS = DAY_MS;

const ECDSA_SHA256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));
const COMMON_NAME = "2.5.4.3";
const SUBJECT_KEY = "2.5.29.14";
const KEY_USAGE = "2.5.29.15";
const ALTERNATIVE_NAME = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const AUTHORITY_KEY = "2.5.29.35";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1";
const DNS_NAME = 0x82;
const KEY_IDENTIFIER = 0x80;

export function makeAuthority(name: string, nowMs: number): Pair {
  const keys = newKeys();
  const identifier = keyIdentifier(keys.publicKey);
  const extensions = [
    // A root for hosts, not for further authorities: path length 0.
    extension(BASIC_CONSTRAINTS, sequence(truth(), integer(Buffer.from([0]))), true),
    // keyCertSign and cRLSign.
    extension(KEY_USAGE, bits(Buffer.from([0x06]), 1), true),
    extension(SUBJECT_KEY, octets(identifier)),
    extension(AUTHORITY_KEY, sequence(tagged(KEY_IDENTIFIER, identifier))),
  ];
  const certificate = signed({
    issuer: nameOf(name),
    subject: nameOf(name),
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    untilMs: nowMs + AUTHORITY_LIFE_MS,
    nowMs,
    extensions,
  });
  return { certificate, key: pem(keys.privateKey) };
}

export function issueCertificate(authority: Pair, host: string, nowMs: number): Pair {
  const keys = newKeys();
  const signer = createPrivateKey(authority.key);
  const root = new X509Certificate(authority.certificate);
  const extensions = [
    // digitalSignature.
    extension(KEY_USAGE, bits(Buffer.from([0x80]), 7), true),
    extension(EXTENDED_KEY_USAGE, sequence(objectIdentifier(SERVER_AUTHENTICATION))),
    extension(ALTERNATIVE_NAME, sequence(tagged(DNS_NAME, Buffer.from(host))), true),
    extension(SUBJECT_KEY, octets(keyIdentifier(keys.publicKey))),
    extension(AUTHORITY_KEY, sequence(tagged(KEY_IDENTIFIER, keyIdentifier(root.publicKey)))),
  ];
  const certificate = signed({
    issuer: nameOf(commonName(root)),
    // RFC 5280 4.1.2.6: empty where the alternative name says it all; a common name is limited to 64 characters.
    subject: sequence(),
    publicKey: keys.publicKey,
    signer,
    untilMs: nowMs + LEAF_LIFE_MS,
    nowMs,
    extensions,
  });
  return { certificate: certificate + authority.certificate, key: pem(keys.privateKey) };
}

interface Draft {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly nowMs: number;
  readonly untilMs: number;
  readonly extensions: readonly Uint8Array[];
}

/** RFC 5280 4.1. */
function signed({ issuer, subject, publicKey, signer, nowMs, untilMs, extensions }: Draft): string {
  const version3 = tagged(0xa0, integer(Buffer.from([2])));
  const serial = integer(randomBytes(16));
  const life = sequence(time(nowMs - BACKDATED_MS), time(untilMs));
  const key = publicKey.export({ type: "spki", format: "der" });
  const body = sequence(version3, serial, ECDSA_SHA256, issuer, life, subject, key, tagged(0xa3, sequence(...extensions)));
  const whole = sequence(body, ECDSA_SHA256, bits(sign("sha256", body, signer)));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function extension(identifier: string, value: Uint8Array, critical = false): Buffer {
  return sequence(objectIdentifier(identifier), ...(critical ? [truth()] : []), octets(value));
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier(COMMON_NAME), utf8(commonName))));
}

function commonName(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "";
}

function newKeys() {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
}

/** RFC 5280 4.2.1.2 (1): SHA-1 of the key's bits, which are the last 65 bytes of a P-256 key. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const bytes = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha1").update(bytes.subarray(-65)).digest();
}

function pem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** The public half of a key in PEM belongs to the certificate. */
export function belongTogether(certificate: X509Certificate, key: KeyObject): boolean {
  return certificate.publicKey.equals(createPublicKey(key));
}
