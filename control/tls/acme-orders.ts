/** Orders a certificate for each host that has none or whose is due, one after the other; what failed is tried again later. */
import type { AcmeChallenge, HostName } from "../../core/index.ts";
import type { Deps } from "../deps.ts";
import { orderCertificate } from "./acme-order.ts";
import { hasRoom, isOrderDue, retryDelayMs } from "./acme-pace.ts";

export interface AcmeOrders {
  /** Begins what is due for these hosts; returns at once. */
  consider(hosts: readonly HostName[]): void;
  challenges(): readonly AcmeChallenge[];
  close(): void;
}

/** How often what waits is looked at. */
const LOOK_INTERVAL_MS = 30_000;
const HOUR_MS = 3_600_000;

export function createAcmeOrders(
  { settings, store, now, log }: Pick<Deps, "settings" | "store" | "now" | "log">,
  publish: () => Promise<void>,
): AcmeOrders {
  let hosts: readonly HostName[] = [];
  let challenge: AcmeChallenge | null = null;
  let working = false;
  let closed = false;
  let orderedMs: readonly number[] = [];

  const nextHost = (): HostName | undefined =>
    closed || !hasRoom(orderedMs, now()) ? undefined : hosts.find((host) => isOrderDue(store.acme.of(host), now()));
  const order = async (host: HostName): Promise<void> => {
    orderedMs = [...orderedMs.filter((atMs) => atMs > now() - HOUR_MS), now()];
    try {
      const pair = await orderCertificate(host, {
        settings,
        store: store.acme,
        show: (shown) => {
          challenge = shown;
          return publish();
        },
      });
      if (!closed) store.acme.signed(host, pair);
      log.info({ host }, "a certificate was signed");
    } catch (error) {
      const failures = closed ? 0 : (store.acme.of(host)?.failures ?? 0);
      if (!closed) store.acme.failed(host, wordOf(error), now() + retryDelayMs(failures, Math.random()));
      log.warn({ host, err: error }, "no certificate was signed");
    }
    challenge = null;
    if (!closed) await publish();
  };
  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    try {
      for (let host = nextHost(); host !== undefined; host = nextHost()) await order(host);
    } catch (error) {
      log.error({ err: error }, "ordering certificates failed");
    }
    working = false;
  };
  const looking = setInterval(() => void work(), LOOK_INTERVAL_MS).unref();

  return {
    consider(all) {
      hosts = all;
      setImmediate(() => void work());
    },
    challenges: () => (challenge === null ? [] : [challenge]),
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
