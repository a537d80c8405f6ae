import { describe, expect, test } from "vitest";
import {
  addressNumber,
  addressText,
  baseUidOf,
  parseAddressPool,
  platformLimit,
  SLOTS,
  slicesOf,
  UID_RANGE,
} from "../../../../runtime/engine/slices.ts";

const pool = parseAddressPool("198.18.0.0/15");
const slices = (index: number) => slicesOf(index, "0a1b2c3d", pool);

describe("the slices of a platform", () => {
  test("name its kernel objects by index and id", () => {
    expect(slices(5)).toEqual({
      index: 5,
      firstAddress: addressNumber("198.18.40.0"),
      addressCount: 2048,
      firstUid: 0x4000_0000 + 5 * 1024 * 65_536,
      buildUid: 0x3f00_0000 + 5 * 65_536,
      linkPrefix: "pb5-",
      nftTable: "pushboat_0a1b2c3d",
      dnsAddress: "198.18.40.0",
      addressRange: "198.18.40.0/21",
    });
  });

  test("of two platforms never overlap, and all uids fit into 32 bits", () => {
    const ranges = Array.from({ length: platformLimit(pool) }, (_, index) => slices(index)).flatMap((one) => [
      [one.firstUid, one.firstUid + SLOTS * UID_RANGE],
      [one.buildUid, one.buildUid + UID_RANGE],
    ]);
    const sorted = ranges.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
    for (let index = 1; index < sorted.length; index += 1) expect(sorted[index]?.[0]).toBeGreaterThanOrEqual(sorted[index - 1]?.[1] ?? 0);
    expect(sorted.at(-1)?.[1]).toBeLessThan(2 ** 32);
    const last = slices(platformLimit(pool) - 1);
    expect(last.firstAddress + last.addressCount).toBeLessThanOrEqual(pool.first + pool.count);
  });

  test("give each slot uids of its own, and builds others", () => {
    expect(baseUidOf(slices(0), 1) - baseUidOf(slices(0), 0)).toBe(UID_RANGE);
    expect(baseUidOf(slices(0), "build")).toBe(0x3f00_0000);
    for (const slot of [-1, 1024, 1.5]) expect(() => baseUidOf(slices(0), slot)).toThrow("is not between 0 and 1023");
  });

  test("have link names that fit the kernel's 15 characters", () => {
    expect(`${slices(46).linkPrefix}2047`.length).toBeLessThanOrEqual(15);
  });
});

describe("the address pool", () => {
  test.each(["198.18.0.0", "198.18.0.0/22", "198.18.0.1/15", "198.18.0.0/7", "::1/64", "198.018.0.0/15", "", "a/b"])(
    "%s is refused with a hint",
    (text) => {
      expect(() => parseAddressPool(text)).toThrow(`PUSHBOAT_ADDRESS_POOL is ${JSON.stringify(text)}`);
    },
  );

  test("of a /21 has room for one platform", () => {
    expect(platformLimit(parseAddressPool("10.99.8.0/21"))).toBe(1);
  });

  test("turns addresses into numbers and back", () => {
    for (const text of ["0.0.0.0", "198.18.40.9", "255.255.255.255"]) expect(addressText(addressNumber(text) ?? -1)).toBe(text);
    for (const text of ["1.2.3", "1.2.3.256", "1.2.3.4.5", "1.2.3.x", "01.2.3.4"]) expect(addressNumber(text)).toBeNull();
  });
});
