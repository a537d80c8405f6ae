import { describe, expect, it } from "vitest";
import {
  DOMAIN_ORDERS_PER_HOUR,
  isOrderDue,
  isRenewalDue,
  ORDERS_PER_HOUR,
  type PlacedOrder,
  renewalMs,
  retryDelayMs,
  roomFor,
} from "../../../../control/tls/acme-pace.ts";
import { issueCertificate, makeAuthority } from "../../../../control/tls/local-authority.ts";

const NOW_MS = Date.parse("2026-08-01T10:00:00Z");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const { certificate } = issueCertificate(makeAuthority("a CA", NOW_MS), "blog.example", NOW_MS);

describe("when an authority is asked", () => {
  it("at once for a host that has none, at a third of life left, and after the end", () => {
    expect(isOrderDue(null, NOW_MS)).toBe(true);
    const signed = { certificate, nextMs: NOW_MS + 60 * DAY_MS };
    expect([59, 61, 100].map((days) => isOrderDue(signed, NOW_MS + days * DAY_MS))).toEqual([false, true, true]);
    // Rows from before the time of the renewal was kept.
    const old = { certificate, nextMs: 0 };
    expect([0, 59, 61].map((days) => isOrderDue(old, NOW_MS + days * DAY_MS))).toEqual([false, false, true]);
    const life = { validFromDate: new Date(NOW_MS), validToDate: new Date(NOW_MS + 6 * DAY_MS) };
    expect(renewalMs(life)).toBe(NOW_MS + 4 * DAY_MS);
    expect([3.9, 4.1].map((days) => isRenewalDue(life, NOW_MS + days * DAY_MS))).toEqual([false, true]);
  });

  it("not before a failure's time is over, with a longer one after each, up to a day and a quarter", () => {
    expect(isOrderDue({ certificate: null, nextMs: NOW_MS + 1 }, NOW_MS)).toBe(false);
    expect(isOrderDue({ certificate: null, nextMs: NOW_MS }, NOW_MS)).toBe(true);
    expect([0, 1, 2].map((failures) => retryDelayMs(failures, 0))).toEqual([240_000, 480_000, 960_000]);
    expect(retryDelayMs(0, 1)).toBe(300_000);
    expect(retryDelayMs(2000, 1)).toBe(1.25 * DAY_MS);
  });
});

describe("how often an authority is asked", () => {
  const order = (domain: string, agoMs: number, more: Partial<PlacedOrder> = {}): PlacedOrder => ({
    domain,
    kind: "new",
    state: "signed",
    placedMs: NOW_MS - agoMs,
    ...more,
  });
  const many = (count: number, make: (index: number) => PlacedOrder) => Array.from({ length: count }, (_, index) => make(index));
  const ask = (placed: readonly PlacedOrder[], kind: PlacedOrder["kind"] = "new", domain = "example.com") =>
    roomFor({ domain, kind, placed, weeklyLimit: 30, nowMs: NOW_MS });

  it("no more than so often in an hour for all domains, and for one", () => {
    expect(ask([])).toEqual({ fromMs: NOW_MS, reason: null });
    const everywhere = many(ORDERS_PER_HOUR, (index) => order(`d${index}.example`, index * 1000));
    expect(ask(everywhere)).toEqual({ fromMs: NOW_MS + HOUR_MS - (ORDERS_PER_HOUR - 1) * 1000, reason: "no more than 60 orders an hour" });
    const failed = many(DOMAIN_ORDERS_PER_HOUR, (index) => order("example.com", index * 1000, { state: "failed" }));
    expect(ask(failed).reason).toBe("no more than 20 orders an hour for example.com");
    expect(ask(failed, "new", "example.org").reason).toBeNull();
  });

  it("no more new certificates in a week than the authority gives a domain; renewals and failures do not count there", () => {
    const full = many(30, (index) => order("example.com", 2 * HOUR_MS + index * 1000));
    expect(ask(full)).toEqual({
      fromMs: NOW_MS + 7 * DAY_MS - 2 * HOUR_MS - 29_000,
      reason: "no more than 30 new certificates a week for example.com",
    });
    expect(ask(full, "renewal").reason).toBeNull();
    expect(ask(many(30, (index) => order("example.com", 2 * HOUR_MS + index, { state: "failed" }))).reason).toBeNull();
    expect(ask(many(30, (index) => order("example.com", 2 * HOUR_MS + index, { kind: "renewal" }))).reason).toBeNull();
    // The end of one is not known: the authority may have signed it.
    expect(ask(many(30, (index) => order("example.com", 2 * HOUR_MS + index, { state: "placed" }))).reason).not.toBeNull();
  });

  it("branches leave a third of a week's certificates to hosts that stay", () => {
    const branches = many(20, (index) => order("example.com", 2 * HOUR_MS + index, { kind: "branch" }));
    expect(ask(branches, "branch").reason).toBe("no more than 20 new certificates a week for branches below example.com");
    expect(ask(branches, "new").reason).toBeNull();
  });
});
