/** One order at an ACME authority, proved in one way (RFC 8555 7.1: order, authorization, challenge, finalize). */
import { generateKeyPairSync } from "node:crypto";
import { type Authorization, type Client, crypto, type Order } from "acme-client";
import type { AcmeChallenge, HostName, Settings } from "../../core/index.ts";
import type { AcmeStore } from "../store/acme.ts";
import { AcmeProblem, acmeClient } from "./acme-authority.ts";
import type { Proof } from "./acme-proof.ts";
import type { DnsHook } from "./dns-hook.ts";
import type { Pair } from "./local-authority.ts";

export interface OrderOptions {
  readonly settings: Pick<Settings, "acmeDirectory" | "acmeEmail">;
  readonly store: Pick<AcmeStore, "accountKey" | "setAccountKey">;
  /** Resolves when the routers answer it. */
  readonly show: (challenge: AcmeChallenge) => Promise<void>;
  readonly hide: (challenge: AcmeChallenge) => void;
  readonly dnsHook: DnsHook | null;
}

/** RFC 8737's is not in the library's types. */
interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly token: string;
  readonly error?: { readonly type?: string; readonly detail?: string };
}

export async function orderCertificate(name: HostName, proof: Proof, options: OrderOptions): Promise<Pair> {
  const { settings, store } = options;
  const client = acmeClient(settings.acmeDirectory, accountKey(settings.acmeDirectory, store));
  await register(client, settings.acmeEmail === null ? {} : { contact: [`mailto:${settings.acmeEmail}`] });
  const order = await client.createOrder({ identifiers: [{ type: "dns", value: name }] });
  for (const authorization of await client.getAuthorizations(order)) {
    if (authorization.status !== "valid") await prove({ client, order, authorization, name, proof, options });
  }
  const [key, csr] = await crypto.createCsr({ altNames: [name] }, await crypto.createPrivateEcdsaKey());
  const certificate = await client.getCertificate(await client.finalizeOrder(order, csr));
  return { certificate, key: key.toString() };
}

/** The library updates an account that exists with what it was given: with nothing but the terms, some authorities call that an error. */
async function register(client: Client, contact: { readonly contact?: string[] }): Promise<void> {
  try {
    await client.createAccount({ onlyReturnExisting: true, ...contact });
  } catch (error) {
    if (!(error instanceof AcmeProblem) || error.type !== "accountDoesNotExist") throw error;
    await client.createAccount({ termsOfServiceAgreed: true, ...contact });
  }
}

interface Attempt {
  readonly client: Client;
  readonly order: Order;
  readonly authorization: Authorization;
  readonly name: HostName;
  readonly proof: Proof;
  readonly options: OrderOptions;
}

async function prove(attempt: Attempt): Promise<void> {
  const { client, authorization, proof } = attempt;
  const offered = authorization.challenges as readonly Challenge[];
  const challenge = offered.find(({ type }) => type === proof);
  if (challenge === undefined) {
    throw new AcmeProblem("unsupported", `the authority offers ${offered.map(({ type }) => type).join(", ")}, not ${proof}`);
  }
  const answer = await client.getChallengeKeyAuthorization(challenge as never);
  const stop = await begin(attempt, challenge.token, answer);
  try {
    await client.completeChallenge(challenge as never);
    await client.waitForValidStatus(challenge as never);
  } catch (error) {
    throw (await reasonOf(attempt, challenge)) ?? error;
  } finally {
    await stop();
  }
}

/** Shows the answer; what it returns takes it away again. */
async function begin({ authorization, name, proof, options }: Attempt, token: string, answer: string): Promise<() => Promise<void>> {
  const { show, hide, dnsHook } = options;
  if (proof === "dns-01") {
    if (dnsHook === null) throw new Error("no program sets DNS records: up --acme-dns-hook PROGRAM");
    await dnsHook.present(name, answer);
    // What cannot be removed does not take the certificate away.
    return () => dnsHook.cleanup(name, answer).catch(() => undefined);
  }
  const challenge: AcmeChallenge =
    proof === "http-01"
      ? { kind: proof, host: name, token, answer }
      : { kind: proof, host: name, ...(await alpnPair(authorization, answer)) };
  await show(challenge);
  return async () => hide(challenge);
}

async function alpnPair(authorization: Authorization, answer: string): Promise<Pair> {
  const [key, certificate] = await crypto.createAlpnCertificate(authorization, answer, await crypto.createPrivateEcdsaKey());
  return { key: key.toString(), certificate: certificate.toString() };
}

/** The library's error has the text and not the type: both stand in the authorization. */
async function reasonOf({ client, order }: Attempt, { url }: Challenge): Promise<AcmeProblem | null> {
  const authorizations = await client.getAuthorizations(order).catch(() => []);
  const judged = authorizations.flatMap(({ challenges }) => challenges as readonly Challenge[]).find((challenge) => challenge.url === url);
  return judged?.error === undefined
    ? null
    : new AcmeProblem(judged.error.type ?? "", judged.error.detail ?? "the authority gave no reason");
}

/** At once, so that two orders at the same time are one account's. */
function accountKey(directory: string, store: OrderOptions["store"]): string {
  const known = store.accountKey(directory);
  if (known !== null) return known;
  const made = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  store.setAccountKey(directory, made);
  return made;
}
