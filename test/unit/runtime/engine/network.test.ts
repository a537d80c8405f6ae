import { describe, expect, test } from "vitest";
import { linkOf } from "../../../../runtime/engine/network/link.ts";
import { chooseResolver } from "../../../../runtime/engine/network/resolver.ts";
import { renderFlows, renderRuleset, renderTableRemoval, renderUplinks } from "../../../../runtime/engine/network/ruleset.ts";
import { gatewayInterfacesIn } from "../../../../runtime/engine/network/uplinks.ts";
import { parseAddressPool, slicesOf } from "../../../../runtime/engine/slices.ts";

const slices = slicesOf(5, "0a1b2c3d", parseAddressPool("198.18.0.0/15"));
const flow = { source: "198.18.40.1", address: "10.1.2.3", port: 5432 };

describe("a link", () => {
  test("is named after its offset, and its address makes its hardware address", () => {
    expect(linkOf(258, slices)).toEqual({ offset: 258, ip: "198.18.41.2", mac: "02:70:c6:12:29:02", name: "pb5-258" });
  });
});

describe("the firewall", () => {
  test("is this, to the letter", () => {
    const text = renderRuleset({
      slices,
      addressPool: "198.18.0.0/15",
      resolvers: ["10.0.0.53"],
      uplinks: ["eth0"],
      flows: [flow],
      peers: [],
    });
    expect(text).toMatchInlineSnapshot(`
      "add table inet pushboat_0a1b2c3d
      delete table inet pushboat_0a1b2c3d
      table inet pushboat_0a1b2c3d {
        set resolvers { type ipv4_addr; elements = { 10.0.0.53 } }
        set private { type ipv4_addr; flags interval; auto-merge; elements = { 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.168.0.0/16, 198.18.0.0/15, 224.0.0.0/3 } }
        set allowed { type ipv4_addr . ipv4_addr . inet_service; elements = { 198.18.40.1 . 10.1.2.3 . 5432 } }
        set peers { type ipv4_addr . ipv4_addr;  }
        set uplinks { type ifname; elements = { "eth0" } }

        chain spoofed {
          type filter hook prerouting priority raw; policy accept;
          iifname "pb5-*" meta nfproto ipv6 drop
          iifname "pb5-*" fib saddr . iif oif missing drop comment "a source that is not the container's own"
        }
        chain to_host {
          type filter hook input priority filter - 10; policy accept;
          iifname "pb5-*" jump from_container_to_host
          ip daddr 198.18.40.0 meta l4proto { tcp, udp } th dport 53 drop comment "names are for containers only"
        }
        chain from_container_to_host {
          ct direction reply ct state established,related accept comment "answers to the host's own connections"
          ip daddr 198.18.40.0 meta l4proto { tcp, udp } th dport 53 accept
          ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept
          ip saddr . ip daddr . tcp dport @allowed accept
          reject with icmpx admin-prohibited
        }
        chain forwarded {
          type filter hook forward priority filter - 10; policy accept;
          iifname "pb5-*" jump from_container
          oifname "pb5-*" jump to_container
          iifname @uplinks oifname @uplinks drop comment "these forward for the containers only"
        }
        chain from_container {
          ct direction reply ct state established,related accept comment "answers to peers"
          ip saddr . ip daddr @peers accept
          ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept
          ip saddr . ip daddr . tcp dport @allowed accept
          ip daddr @private reject with icmpx admin-prohibited
          meta nfproto ipv6 drop
          accept
        }
        chain to_container {
          ct state established,related accept
          drop
        }
        chain outgoing {
          type nat hook postrouting priority srcnat; policy accept;
          ip saddr 198.18.40.0/21 oifname != "pb5-*" masquerade
        }
      }
      "
    `);
  });

  test("closes the pool too, where that is not the usual one", () => {
    const text = renderRuleset({ slices, addressPool: "203.0.112.0/20", resolvers: [], uplinks: [], flows: [], peers: [] });
    expect(text).toMatch(/set private .*198\.18\.0\.0\/15.*203\.0\.112\.0\/20/);
    expect(text).toContain("set resolvers { type ipv4_addr;  }");
  });

  test("changes what is allowed in one step", () => {
    expect(renderFlows(slices, [flow, { ...flow, port: 1 }])).toBe(
      "flush set inet pushboat_0a1b2c3d allowed\nadd element inet pushboat_0a1b2c3d allowed { 198.18.40.1 . 10.1.2.3 . 5432, 198.18.40.1 . 10.1.2.3 . 1 }\n",
    );
    expect(renderFlows(slices, [])).toBe("flush set inet pushboat_0a1b2c3d allowed\n");
    expect(renderUplinks(slices, ["eth1"])).toBe('add element inet pushboat_0a1b2c3d uplinks { "eth1" }\n');
    expect(renderUplinks(slices, [])).toBe("");
  });

  test("can be removed whether it is there or not", () => {
    expect(renderTableRemoval(slices)).toBe("add table inet pushboat_0a1b2c3d\ndelete table inet pushboat_0a1b2c3d\n");
  });
});

describe("the name servers of a container", () => {
  test("are the host's, with its search list and options", () => {
    expect(chooseResolver("# comment\nnameserver 10.0.0.53\nnameserver 2001:db8::1\nsearch example.com\noptions ndots:2\n", "")).toEqual({
      servers: ["10.0.0.53"],
      text: "nameserver 10.0.0.53\nsearch example.com\noptions ndots:2\n",
    });
  });

  test("are the upstreams where the host names its own loopback", () => {
    expect(chooseResolver("nameserver 127.0.0.53\nsearch lan\n", "nameserver 192.168.1.1\n")).toEqual({
      servers: ["192.168.1.1"],
      text: "nameserver 192.168.1.1\nsearch lan\n",
    });
  });

  test("are none where none can be reached", () => {
    expect(chooseResolver("nameserver 127.0.0.1\n", "").servers).toEqual([]);
  });
});

test("answers come back by every interface that has a gateway", () => {
  const table = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask",
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000",
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF",
    "wg0\t0000000A\t0100000A\t0003\t0\t0\t0\t000000FF",
    "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF",
    "",
  ].join("\n");
  expect(gatewayInterfacesIn(table)).toEqual(["eth0", "wg0"]);
});
