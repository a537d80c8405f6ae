import { describe, expect, it } from "vitest";
import { readFields } from "../../../router/http/fields.ts";
import { networkList } from "../../../router/networks.ts";
import { originBehind } from "../../../router/origin.ts";

const PROXY = { clientAddress: "10.0.0.1", protocol: "http", port: 8080 } as const;
const clientOf = (value: string) =>
  originBehind(PROXY, readFields(`X-Forwarded-For: ${value}\r\n`, 0), networkList(["10.0.0.0/8", "fd00::/8"])).clientAddress;

describe("the client behind a trusted proxy", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["1.1.1.1, 203.0.113.9", "203.0.113.9"],
    ["203.0.113.9, 10.0.0.7", "203.0.113.9"],
    ["203.0.113.9,fd00::7", "203.0.113.9"],
    ["203.0.113.9:4711", "203.0.113.9"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    // Everybody in the chain is trusted: the farthest of them asks.
    ["10.0.0.9, 10.0.0.7", "10.0.0.9"],
    // What is no address ends the chain: nobody vouches for what is left of it.
    ["203.0.113.9, unknown", "10.0.0.1"],
    ["203.0.113.9, unknown, 10.0.0.7", "10.0.0.7"],
    ["203.0.113.9, fe80::1%eth0", "10.0.0.1"],
    ["", "10.0.0.1"],
  ])("of %j is %s", (value, client) => {
    expect(clientOf(value)).toBe(client);
  });

  it("came as the proxy says, by the last word where there are several, and as to the proxy where it says nonsense", () => {
    const of = (lines: string) => originBehind(PROXY, readFields(lines, 0), networkList(["10.0.0.0/8"]));
    expect(of("X-Forwarded-Proto: http, HTTPS\r\n")).toMatchObject({ protocol: "https", port: 443 });
    expect(of("X-Forwarded-Proto: http\r\n")).toMatchObject({ protocol: "http", port: 80 });
    expect(of("X-Forwarded-Proto: gopher\r\nX-Forwarded-Port: 0\r\n")).toMatchObject({ protocol: "http", port: 8080 });
  });
});
