/** One order at an ACME authority by HTTP-01: the only file that talks to one. */
import { Client, crypto } from "acme-client";
import type { AcmeChallenge, HostName, Settings } from "../../core/index.ts";
import type { AcmeStore } from "../store/acme.ts";
import type { Pair } from "./local-authority.ts";

export interface OrderOptions {
  readonly settings: Pick<Settings, "acmeDirectory" | "acmeEmail">;
  readonly store: AcmeStore;
  /** Resolves when the routers answer it. */
  readonly show: (challenge: AcmeChallenge) => Promise<void>;
}

/** The library's own is 5 s: most of an order's time would be spent asleep. */
const POLL_MIN_MS = 250;
const POLL_ATTEMPTS = 12;

export async function orderCertificate(host: HostName, { settings, store, show }: OrderOptions): Promise<Pair> {
  const client = new Client({
    directoryUrl: settings.acmeDirectory,
    accountKey: await accountKey(settings.acmeDirectory, store),
    backoffMin: POLL_MIN_MS,
    backoffAttempts: POLL_ATTEMPTS,
  });
  const [key, csr] = await crypto.createCsr({ altNames: [host] }, await crypto.createPrivateEcdsaKey());
  const certificate = await client.auto({
    csr,
    ...(settings.acmeEmail === null ? {} : { email: settings.acmeEmail }),
    termsOfServiceAgreed: true,
    challengePriority: ["http-01"],
    // From here the host may be reached another way than from outside (NAT): the authority's own look is what counts.
    skipChallengeVerification: true,
    challengeCreateFn: (_, { type, token }, answer) => {
      if (type !== "http-01") throw new Error(`the authority offers only ${type}`);
      return show({ host, token, answer });
    },
    challengeRemoveFn: async () => undefined,
  });
  return { certificate, key: key.toString() };
}

async function accountKey(directory: string, store: AcmeStore): Promise<string> {
  const known = store.accountKey(directory);
  if (known !== null) return known;
  const made = (await crypto.createPrivateEcdsaKey()).toString();
  store.setAccountKey(directory, made);
  return made;
}
