/** Orders certificates: at once for domains that were added, at the first handshake for hosts below the platform's domain; what failed is tried again later. */
import { X509Certificate } from "node:crypto";
import type { AcmeChallenge, HostName } from "../../core/index.ts";
import type { Deps } from "../deps.ts";
import { AcmeProblem } from "./acme-authority.ts";
import { orderCertificate } from "./acme-order.ts";
import { isOrderDue, type OrderKind, renewalMs, retryDelayMs, roomFor, WEEK_MS } from "./acme-pace.ts";
import { isWorthAnotherProof, type Proof, proofsFor } from "./acme-proof.ts";
import { type HostFacts, type Subject, subjectOf } from "./acme-subject.ts";
import { createDnsHook } from "./dns-hook.ts";
import type { Pair } from "./local-authority.ts";
import { registeredDomain } from "./registered-domain.ts";

export interface AcmeOrders {
  /** All hosts that a certificate may be ordered for: those that show one of their user's own are left out. Begins what is due; returns at once. */
  consider(hosts: readonly HostFacts[]): void;
  /** Somebody waits in a handshake with this name. */
  want(host: HostName): void;
  challenges(): readonly AcmeChallenge[];
  close(): void;
}

export interface AcmeOutlets {
  /** Resolves when the routers serve by what `challenges` and the store say now. */
  readonly publish: () => Promise<void>;
  readonly onUnavailable: (host: HostName) => void;
  readonly onTrouble?: (name: HostName, error: string) => void;
}

/** How often what waits is looked at. */
const LOOK_INTERVAL_MS = 30_000;
/** An order that hangs leaves the others their turn. */
const ORDERS_AT_ONCE = 4;

export function createAcmeOrders(deps: Pick<Deps, "settings" | "store" | "now" | "log">, outlets: AcmeOutlets): AcmeOrders {
  const { settings, store, now, log } = deps;
  const dnsHook = createDnsHook(settings);
  let hosts: readonly HostFacts[] = [];
  const challenges = new Set<AcmeChallenge>();
  const running = new Set<HostName>();
  const wanted = new Map<HostName, Set<HostName>>();
  let closed = false;

  const nextSubject = (): Subject | undefined => {
    const records = new Map(store.acme.all().map((record) => [record.name, record]));
    const due = hosts
      .map((facts) => subjectOf(facts, settings))
      .filter((subject): subject is Subject => subject !== null && !running.has(subject.name))
      .filter(({ name, isEager }) => (isEager || wanted.has(name) || records.has(name)) && isOrderDue(records.get(name) ?? null, now()));
    return due.find(({ name }) => wanted.has(name)) ?? due[0];
  };
  const work = (): void => {
    try {
      // The first one makes the account.
      const most = store.acme.accountKey(settings.acmeDirectory) === null ? 1 : ORDERS_AT_ONCE;
      while (!closed && running.size < most) {
        const subject = nextSubject();
        if (subject === undefined) return;
        running.add(subject.name);
        void order(subject).finally(() => {
          running.delete(subject.name);
          work();
        });
      }
    } catch (error) {
      log.error({ err: error }, "ordering certificates failed");
    }
  };
  const order = async ({ name, isBranch }: Subject): Promise<void> => {
    try {
      const room = await placed(name, isBranch);
      if (room !== null) await attempt(name, room);
    } catch (error) {
      log.error({ err: error, name }, "ordering a certificate failed");
    }
    const waiting = wanted.get(name) ?? [];
    wanted.delete(name);
    if (closed) return;
    if (store.acme.of(name)?.error !== null) for (const host of waiting) outlets.onUnavailable(host);
    await outlets.publish().catch((error) => log.error({ err: error }, "publishing a certificate failed"));
  };
  /** null: there is no room for it now. */
  const placed = async (name: HostName, isBranch: boolean): Promise<number | null> => {
    const domain = await registeredDomain(name);
    if (closed) return null;
    const kind: OrderKind = store.acme.of(name)?.certificate != null ? "renewal" : isBranch ? "branch" : "new";
    store.acme.forgetOrders(now() - WEEK_MS);
    const orders = store.acme.orders(now() - WEEK_MS);
    const { reason, fromMs } = roomFor({ domain, kind, placed: orders, weeklyLimit: settings.acmeWeeklyLimit, nowMs: now() });
    if (reason === null) return store.acme.placeOrder(name, { domain, kind, placedMs: now() });
    store.acme.postponed(name, reason, fromMs);
    log.warn({ name, reason }, "a certificate was not ordered");
    return null;
  };
  const attempt = async (name: HostName, id: number): Promise<void> => {
    const record = store.acme.of(name);
    try {
      const { pair, proof } = await firstProved(name, proofsFor({ name, settings, record }));
      if (closed) return;
      store.acme.signed(name, pair, { proof, renewMs: renewalMs(new X509Certificate(pair.certificate)) });
      store.acme.endOrder(id, "signed");
      log.info({ name, proof }, "a certificate was signed");
    } catch (error) {
      if (closed) return;
      store.acme.endOrder(id, "failed");
      const delayMs = Math.max(retryDelayMs(record?.failures ?? 0, Math.random()), error instanceof AcmeProblem ? error.retryAfterMs : 0);
      store.acme.failed(name, wordOf(error), now() + delayMs);
      outlets.onTrouble?.(name, wordOf(error));
      log.warn({ name, err: error }, "no certificate was signed");
    }
  };
  const firstProved = async (name: HostName, [proof, ...others]: readonly Proof[]): Promise<{ pair: Pair; proof: Proof }> => {
    if (proof === undefined) throw new Error("there is no way to prove it");
    try {
      return { pair: await orderCertificate(name, proof, { settings, store: store.acme, dnsHook, show, hide }), proof };
    } catch (error) {
      const isOver = closed || others.length === 0 || !(error instanceof AcmeProblem) || !isWorthAnotherProof(error.type);
      if (isOver) throw error;
      log.info({ name, proof, reason: wordOf(error) }, "proving it another way");
      return firstProved(name, others);
    }
  };
  const show = (challenge: AcmeChallenge): Promise<void> => {
    challenges.add(challenge);
    return outlets.publish();
  };
  const hide = (challenge: AcmeChallenge): void => {
    challenges.delete(challenge);
  };
  const looking = setInterval(work, LOOK_INTERVAL_MS).unref();

  return {
    consider(all) {
      hosts = all;
      const names = all.flatMap((facts) => [facts.host, subjectOf(facts, settings)?.name ?? facts.host]);
      store.acme.keepOnly(new Set(names));
      setImmediate(work);
    },
    want(host) {
      const facts = hosts.find((each) => each.host === host);
      const subject = facts === undefined ? null : subjectOf(facts, settings);
      const isHopeless = subject === null || (!running.has(subject.name) && !isOrderDue(store.acme.of(subject.name), now()));
      if (isHopeless) {
        outlets.onUnavailable(host);
        return;
      }
      wanted.set(subject.name, (wanted.get(subject.name) ?? new Set()).add(host));
      work();
    },
    challenges: () => [...challenges],
    close() {
      closed = true;
      clearInterval(looking);
    },
  };
}

function wordOf(error: unknown): string {
  const { message, code } = error as { readonly message?: string; readonly code?: string };
  return message || code || String(error);
}
