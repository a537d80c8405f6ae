/** Addresses and links of containers, and the platform's firewall. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { PushboatError } from "../../../core/index.ts";
import type { KernelHelper } from "../kernel/helper.ts";
import type { Slices } from "../slices.ts";
import { type AddressQueue, createAddressQueue } from "./address-queue.ts";
import { closeForwarding, openForwarding } from "./forwarding.ts";
import { addHostAddress, closeRange, openRange, removeHostAddress, removeLinks, uplinkTo } from "./ip.ts";
import { GATEWAY, GATEWAY_MAC, type Link, linkOf } from "./link.ts";
import { applyRules } from "./nft.ts";
import { type Resolver, readResolver } from "./resolver.ts";
import {
  type AllowedFlow,
  type PeerFlow,
  renderFlows,
  renderPeers,
  renderResolvers,
  renderRuleset,
  renderTableRemoval,
  renderUplinks,
} from "./ruleset.ts";
import { readGatewayInterfaces } from "./uplinks.ts";

export interface Networks {
  /** Firewall and forwarding; removes links that no container holds. `held`: offsets of living containers. */
  prepare(held: readonly number[], flows: readonly AllowedFlow[], peers: readonly PeerFlow[]): Promise<void>;
  /** An address nobody has; its link is not there yet. */
  take(): Link;
  /** Makes the link, into the network namespace of a process. It goes away with that namespace. */
  connect(link: Link, pid: number): Promise<void>;
  /** The address rests before it is used again. */
  release(offset: number): void;
  setFlows(flows: readonly AllowedFlow[]): Promise<void>;
  setPeers(peers: readonly PeerFlow[]): Promise<void>;
  /** The host's resolver as it is now. Where that or the ways out have changed, the firewall and forwarding follow. */
  resolver(): Promise<Resolver>;
  /** lastOnHost: no other platform is left that forwarding is open for. */
  teardown(lastOnHost: boolean): Promise<void>;
}

export interface NetworkOptions {
  readonly slices: Slices;
  readonly addressPool: string;
  readonly helper: KernelHelper;
  /** Where the next round of addresses goes on after a restart. */
  readonly cursorFile: string;
  /** Of the host, for all platforms: which interfaces forward because of us. */
  readonly forwardingDirectory: string;
  readonly nowMs: () => number;
}

/** Where the default route's MTU cannot be told. */
const FALLBACK_MTU = 1500;
/** A public address (RFC 5737, nobody's): only asked which way it would go. */
const SOMEWHERE = "203.0.113.1";

export function createNetworks(options: NetworkOptions): Networks {
  const { slices, helper } = options;
  let addresses: AddressQueue = createAddressQueue({ count: slices.addressCount, cursor: 0 });
  let mtu = FALLBACK_MTU;
  let resolver: Resolver = { servers: [], text: "" };
  let gateways: readonly string[] = [];

  return {
    async prepare(held, flows, peers) {
      addresses = createAddressQueue({ count: slices.addressCount, cursor: readCursor(options.cursorFile) });
      for (const offset of held) addresses.hold(offset);
      await removeLinksBut(held);
      await closeRange(slices.addressRange);
      await addHostAddress(slices.dnsAddress);
      const uplink = await uplinkTo(SOMEWHERE);
      mtu = uplink?.mtu ?? FALLBACK_MTU;
      resolver = readResolver();
      gateways = readGatewayInterfaces();
      const uplinks = openForwarding(uplink === null ? gateways : [uplink.name, ...gateways], options.forwardingDirectory);
      await applyRules(renderRuleset({ slices, addressPool: options.addressPool, resolvers: resolver.servers, uplinks, flows, peers }));
    },
    take() {
      const offset = addresses.take(options.nowMs());
      if (offset === null) throw noAddress();
      writeFileSync(options.cursorFile, String(addresses.cursor()));
      return linkOf(offset, slices);
    },
    connect: ({ name, ip, mac }, pid) =>
      helper.connectNetwork({ pid, name, mtu, address: ip, mac, gateway: GATEWAY, gatewayMac: GATEWAY_MAC }),
    release: (offset) => addresses.release(offset, options.nowMs()),
    async setFlows(flows) {
      const ways = await Promise.all([...new Set(flows.map((flow) => flow.address))].map(uplinkTo));
      const names = ways.flatMap((way) => (way === null || way.name === "lo" ? [] : [way.name]));
      const uplinks = openForwarding(names, options.forwardingDirectory);
      await applyRules(renderFlows(slices, flows) + renderUplinks(slices, uplinks));
    },
    setPeers: (peers) => applyRules(renderPeers(slices, peers)),
    async resolver() {
      const now = readResolver();
      if (now.text !== resolver.text) {
        await applyRules(renderResolvers(slices, now.servers));
        resolver = now;
      }
      const ways = readGatewayInterfaces();
      if (ways.some((name) => !gateways.includes(name))) {
        await applyRules(renderUplinks(slices, openForwarding(ways, options.forwardingDirectory)));
        gateways = ways;
      }
      return resolver;
    },
    async teardown(lastOnHost) {
      await removeLinksBut([]);
      await openRange(slices.addressRange);
      await removeHostAddress(slices.dnsAddress);
      await applyRules(renderTableRemoval(slices));
      if (lastOnHost) closeForwarding(options.forwardingDirectory);
    },
  };

  async function removeLinksBut(held: readonly number[]): Promise<void> {
    const kept = new Set(held.map((offset) => linkOf(offset, slices).name));
    await removeLinks(readdirSync("/sys/class/net").filter((name) => name.startsWith(slices.linkPrefix) && !kept.has(name)));
  }
}

function noAddress(): PushboatError {
  return new PushboatError({
    code: "engine/no-address",
    message: "every address of this platform is in use or was in use a moment ago",
    hint: "Wait a minute, or run fewer instances.",
    kind: "transient",
  });
}

function readCursor(file: string): number {
  try {
    const value = Number(readFileSync(file, "utf8"));
    return Number.isInteger(value) && value > 0 ? value : 0;
  } catch {
    return 0;
  }
}
