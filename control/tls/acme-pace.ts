/** When an ACME authority is asked, and when it is asked again. Pure. */
import { X509Certificate } from "node:crypto";
import type { AcmeRecord } from "../store/acme.ts";

/** new: of a host that had none; branch: the same, of a branch environment below the platform's domain. */
export type OrderKind = "new" | "branch" | "renewal";

export interface PlacedOrder {
  /** Registered: what authorities count by. */
  readonly domain: string;
  readonly kind: OrderKind;
  readonly state: "placed" | "signed" | "failed";
  readonly placedMs: number;
}

export interface Room {
  /** Not before; the past: now. */
  readonly fromMs: number;
  /** What is full; null: there is room. */
  readonly reason: string | null;
}

/** A certificate is made anew when a third of its life is left. */
const RENEWED_AT = 1 / 3;
const HOUR_MS = 3_600_000;
export const WEEK_MS = 7 * 24 * HOUR_MS;
/** Let's Encrypt takes 5 failed proofs of a host in an hour: with two at the first attempt, these are as many. */
const FIRST_DELAY_MS = 4 * 60_000;
const LONGEST_DELAY_MS = 24 * HOUR_MS;
/** Let's Encrypt takes 300 new orders of an account in three hours. */
export const ORDERS_PER_HOUR = 60;
/** Of one registered domain: a domain whose orders go wrong leaves the others their turn. */
export const DOMAIN_ORDERS_PER_HOUR = 20;
/** Of what a domain gets in a week: what branches may not take stays for hosts that are there for long. */
const BRANCH_SHARE = 2 / 3;

export function isOrderDue(record: Pick<AcmeRecord, "certificate" | "nextMs"> | null, nowMs: number): boolean {
  if (record === null) return true;
  // A row of before next_ms held the time of the renewal too.
  if (record.nextMs === 0 && record.certificate !== null) return isRenewalDue(new X509Certificate(record.certificate), nowMs);
  return nowMs >= record.nextMs;
}

type Life = Pick<X509Certificate, "validFromDate" | "validToDate">;

export function isRenewalDue(life: Life, nowMs: number): boolean {
  return nowMs >= renewalMs(life);
}

export function renewalMs({ validFromDate, validToDate }: Life): number {
  const lifeMs = validToDate.getTime() - validFromDate.getTime();
  return validToDate.getTime() - lifeMs * RENEWED_AT;
}

/** Doubled with each failure, and up to a quarter more (`random` is 0 to 1), so that hosts that failed together do not come back together. */
export function retryDelayMs(failures: number, random: number): number {
  return Math.round(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures) * (1 + random / 4));
}

export interface RoomQuestion {
  readonly domain: string;
  readonly kind: OrderKind;
  /** Orders of the last week. */
  readonly placed: readonly PlacedOrder[];
  readonly weeklyLimit: number;
  readonly nowMs: number;
}

/** Whether an order may be placed now, else from when on and why. */
export function roomFor({ domain, kind, placed, weeklyLimit, nowMs }: RoomQuestion): Room {
  const ofDomain = placed.filter((order) => order.domain === domain);
  // Authorities count what they signed, and renewals of the same names not at all; an order whose end is unknown may have been signed.
  const signed = ofDomain.filter((order) => order.state !== "failed" && order.kind !== "renewal");
  const branchLimit = Math.max(1, Math.floor(weeklyLimit * BRANCH_SHARE));
  const rules: readonly {
    readonly orders: readonly PlacedOrder[];
    readonly most: number;
    readonly spanMs: number;
    readonly what: string;
  }[] = [
    { orders: placed, most: ORDERS_PER_HOUR, spanMs: HOUR_MS, what: `${ORDERS_PER_HOUR} orders an hour` },
    { orders: ofDomain, most: DOMAIN_ORDERS_PER_HOUR, spanMs: HOUR_MS, what: `${DOMAIN_ORDERS_PER_HOUR} orders an hour for ${domain}` },
    ...(kind === "renewal"
      ? []
      : [{ orders: signed, most: weeklyLimit, spanMs: WEEK_MS, what: `${weeklyLimit} new certificates a week for ${domain}` }]),
    ...(kind === "branch"
      ? [
          {
            orders: signed.filter((order) => order.kind === "branch"),
            most: branchLimit,
            spanMs: WEEK_MS,
            what: `${branchLimit} new certificates a week for branches below ${domain}`,
          },
        ]
      : []),
  ];
  const full = rules
    .map(({ orders, most, spanMs, what }) => ({ fromMs: freeFromMs(orders, most, spanMs, nowMs), reason: `no more than ${what}` }))
    .filter(({ fromMs }) => fromMs > nowMs);
  return full.reduce<Room>((latest, each) => (each.fromMs > latest.fromMs ? each : latest), { fromMs: nowMs, reason: null });
}

/** When fewer than `most` of the orders lie within the span before. */
function freeFromMs(orders: readonly PlacedOrder[], most: number, spanMs: number, nowMs: number): number {
  const within = orders.map(({ placedMs }) => placedMs + spanMs).filter((overMs) => overMs > nowMs);
  return within.length < most ? nowMs : (within.sort((a, b) => b - a)[most - 1] as number);
}
