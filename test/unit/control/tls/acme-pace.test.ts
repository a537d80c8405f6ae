import { describe, expect, it } from "vitest";
import { hasRoom, isOrderDue, isRenewalDue, ORDERS_PER_HOUR, retryDelayMs } from "../../../../control/tls/acme-pace.ts";
import { issueCertificate, makeAuthority } from "../../../../control/tls/local-authority.ts";

const NOW_MS = Date.parse("2026-08-01T10:00:00Z");
const DAY_MS = 86_400_000;
const pair = issueCertificate(makeAuthority("a CA", NOW_MS), "blog.example", NOW_MS);
const signed = { pair, failures: 0, nextMs: 0, error: null };

describe("when an authority is asked", () => {
  it("at once for a host that has none, at a third of life left, and after the end", () => {
    expect(isOrderDue(null, NOW_MS)).toBe(true);
    expect(isOrderDue(signed, NOW_MS)).toBe(false);
    expect(isOrderDue(signed, NOW_MS + 59 * DAY_MS)).toBe(false);
    expect(isOrderDue(signed, NOW_MS + 61 * DAY_MS)).toBe(true);
    expect(isOrderDue(signed, NOW_MS + 100 * DAY_MS)).toBe(true);
    const life = { validFromDate: new Date(NOW_MS), validToDate: new Date(NOW_MS + 6 * DAY_MS) };
    expect([3.9, 4.1].map((days) => isRenewalDue(life, NOW_MS + days * DAY_MS))).toEqual([false, true]);
  });

  it("not before a failure's time is over, with a longer one after each, up to a day and a quarter", () => {
    expect(isOrderDue({ pair: null, failures: 1, nextMs: NOW_MS + 1, error: "down" }, NOW_MS)).toBe(false);
    expect(isOrderDue({ pair: null, failures: 1, nextMs: NOW_MS, error: "down" }, NOW_MS)).toBe(true);
    expect([0, 1, 2].map((failures) => retryDelayMs(failures, 0))).toEqual([60_000, 120_000, 240_000]);
    expect(retryDelayMs(0, 1)).toBe(75_000);
    expect(retryDelayMs(2000, 1)).toBe(1.25 * DAY_MS);
  });

  it("no more than so often in an hour for all hosts", () => {
    const full = Array.from({ length: ORDERS_PER_HOUR }, (_, i) => NOW_MS - i * 1000);
    expect(hasRoom(full, NOW_MS)).toBe(false);
    expect(hasRoom(full, NOW_MS + 3_600_000)).toBe(true);
    expect(hasRoom([], NOW_MS)).toBe(true);
  });
});
