import { describe, expect, test } from "vitest";
import { createAddressQueue } from "../../../../runtime/engine/network/address-queue.ts";

describe("addresses are handed out", () => {
  test("in turn, none that ends in .0 or .255, from where the last round stopped", () => {
    const queue = createAddressQueue({ count: 512, cursor: 253 });
    expect([queue.take(0), queue.take(0), queue.take(0)]).toEqual([253, 254, 257]);
    expect(queue.cursor()).toBe(258);
  });

  test("not while somebody holds them, also not one that was found on the host", () => {
    const queue = createAddressQueue({ count: 5, cursor: 0 });
    queue.hold(2);
    expect([queue.take(0), queue.take(0), queue.take(0), queue.take(0)]).toEqual([1, 3, 4, null]);
  });

  test("again only a minute after they were given back", () => {
    const queue = createAddressQueue({ count: 3, cursor: 0 });
    expect([queue.take(0), queue.take(0)]).toEqual([1, 2]);
    queue.release(1, 1_000);
    expect(queue.take(60_999)).toBeNull();
    expect(queue.take(61_000)).toBe(1);
  });

  test("giving back what nobody held changes nothing", () => {
    const queue = createAddressQueue({ count: 3, cursor: 0 });
    queue.release(1, 0);
    expect(queue.take(0)).toBe(1);
  });
});
