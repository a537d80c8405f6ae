import { expect, it } from "vitest";
import { parseNetDev } from "../../../../runtime/engine/kernel/usage.ts";

it("traffic is that of every interface but the loopback one", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  999      17    0    0    0     0          0         0      999      17    0    0    0     0       0          0
  eth0: 1200      20    0    0    0     0          0         0     3400      21    0    0    0     0       0          0
`;
  expect(parseNetDev(text)).toEqual({ receivedBytes: 1200, sentBytes: 3400 });
  expect(parseNetDev(null)).toEqual({ receivedBytes: 0, sentBytes: 0 });
});
