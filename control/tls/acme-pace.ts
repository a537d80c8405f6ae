/** When an ACME authority is asked, and when it is asked again. Pure. */
import { X509Certificate } from "node:crypto";
import type { AcmeRecord } from "../store/acme.ts";

/** A certificate is made anew when a third of its life is left. */
const RENEWED_AT = 1 / 3;
const HOUR_MS = 3_600_000;
const FIRST_DELAY_MS = 60_000;
const LONGEST_DELAY_MS = 24 * HOUR_MS;
/** Let's Encrypt takes 300 new orders of an account in three hours. */
export const ORDERS_PER_HOUR = 60;

export function isOrderDue(record: AcmeRecord | null, nowMs: number): boolean {
  if (record === null) return true;
  if (nowMs < record.nextMs) return false;
  return record.pair === null || isRenewalDue(new X509Certificate(record.pair.certificate), nowMs);
}

export function isRenewalDue(
  { validFromDate, validToDate }: Pick<X509Certificate, "validFromDate" | "validToDate">,
  nowMs: number,
): boolean {
  const lifeMs = validToDate.getTime() - validFromDate.getTime();
  return validToDate.getTime() - nowMs < lifeMs * RENEWED_AT;
}

/** Doubled with each failure, and up to a quarter more (`random` is 0 to 1), so that hosts that failed together do not come back together. */
export function retryDelayMs(failures: number, random: number): number {
  return Math.round(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures) * (1 + random / 4));
}

/** `orderedMs`: when the orders of before were placed. */
export function hasRoom(orderedMs: readonly number[], nowMs: number): boolean {
  return orderedMs.filter((atMs) => atMs > nowMs - HOUR_MS).length < ORDERS_PER_HOUR;
}
