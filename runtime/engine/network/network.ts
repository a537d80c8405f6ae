/** Networks of containers: made ahead in the background, taken at a start, given back at the end; and the platform's firewall. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { PushboatError } from "../../../core/index.ts";
import type { KernelHelper } from "../kernel/helper.ts";
import type { Slices } from "../slices.ts";
import { type AddressQueue, createAddressQueue } from "./address-queue.ts";
import { closeForwarding, openForwarding, setLinkSwitches } from "./forwarding.ts";
import { applyLinks, removeLinks, uplinkTo } from "./ip.ts";
import { addLinkLines, GATEWAY, GATEWAY_MAC, type Link, linkOf } from "./link.ts";
import { applyRules } from "./nft.ts";
import { type Resolver, readResolver } from "./resolver.ts";
import { type AllowedFlow, renderFlows, renderResolvers, renderRuleset, renderTableRemoval, renderUplinks } from "./ruleset.ts";

export interface Networks {
  /** Firewall and forwarding; removes networks that nobody holds. `held`: offsets of living containers. */
  prepare(held: readonly number[], flows: readonly AllowedFlow[]): Promise<void>;
  take(): Promise<Link>;
  /** The container's processes hold the namespace from now on; what pinned it is unmounted. */
  handOver(link: Link): Promise<void>;
  /** The address rests before it is used again. The pair goes with its namespace. */
  release(offset: number): void;
  setFlows(flows: readonly AllowedFlow[]): Promise<void>;
  /** The host's resolver as it is now; the firewall follows when it changed. */
  resolver(): Promise<Resolver>;
  link(offset: number): Link;
  /** lastOnHost: no other platform is left that forwarding is open for. */
  teardown(lastOnHost: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface NetworkOptions {
  readonly slices: Slices;
  readonly addressPool: string;
  readonly helper: KernelHelper;
  /** Holds the namespaces that are not taken yet. */
  readonly directory: string;
  /** Where the next round of addresses goes on after a restart. */
  readonly cursorFile: string;
  /** Of the host, for all platforms: which interfaces forward because of us. */
  readonly forwardingDirectory: string;
  readonly nowMs: () => number;
}

/** Ready networks: a deploy of a few instances waits for none; each costs about 0.2 MB of kernel memory. */
const SPARE_NETWORKS = 4;
/** Where the default route's MTU cannot be told. */
const FALLBACK_MTU = 1500;
/** Any public address: only asked which way it would go. */
const SOMEWHERE = "203.0.113.1";

export function createNetworks(options: NetworkOptions): Networks {
  const { slices, helper } = options;
  const ready: Link[] = [];
  const wanting: { readonly resolve: (link: Link) => void; readonly reject: (error: unknown) => void }[] = [];
  let addresses: AddressQueue | null = null;
  let mtu = FALLBACK_MTU;
  let resolver: Resolver = { servers: [], text: "" };
  let making: Promise<void> | null = null;
  let closed = false;

  const link = (offset: number): Link => linkOf(offset, slices, options.directory);

  const make = async (count: number): Promise<readonly Link[]> => {
    const links = Array.from({ length: count }, () => link(takeAddress(addresses, options.nowMs())));
    writeFileSync(options.cursorFile, String(addresses?.cursor()));
    try {
      await Promise.all(links.map((made) => helper.makeNetworkNamespace(made.netnsFile, made.sysDirectory)));
      await applyLinks(links.flatMap((made) => addLinkLines(made, mtu)));
      for (const made of links) setLinkSwitches(made.name);
      await Promise.all(links.map((made) => helper.addressNetwork(made.netnsFile, made.ip, GATEWAY, GATEWAY_MAC)));
      return links;
    } catch (error) {
      await drop(links);
      throw error;
    }
  };

  const drop = async (links: readonly Link[]): Promise<void> => {
    await unpin(links);
    await removeLinks(links.map((dropped) => dropped.name));
    for (const dropped of links) addresses?.release(dropped.offset, options.nowMs());
  };

  const unpin = async (links: readonly Link[]): Promise<void> => {
    const paths = links.flatMap((unpinned) => [unpinned.sysDirectory, unpinned.netnsFile]);
    await helper.unmount(paths);
    for (const path of paths) rmSync(path, { recursive: true, force: true });
  };

  /** One batch at a time: what is asked for meanwhile goes into the next. */
  const fill = (): void => {
    const missing = wanting.length + SPARE_NETWORKS - ready.length;
    if (making !== null || closed || missing <= 0) return;
    making = make(wanting.length > 0 ? wanting.length : missing)
      .then((links) => {
        for (const made of links) {
          const first = wanting.shift();
          if (first === undefined) ready.push(made);
          else first.resolve(made);
        }
      })
      .catch((error: unknown) => {
        for (const waiting of wanting.splice(0)) waiting.reject(error);
        throw error;
      })
      .then(
        () => {
          making = null;
          fill();
        },
        () => {
          making = null; // the next take tries again
        },
      );
  };

  return {
    async prepare(held, flows) {
      mkdirSync(options.directory, { recursive: true, mode: 0o711 });
      addresses = createAddressQueue({ count: slices.addressCount, cursor: readCursor(options.cursorFile) });
      for (const offset of held) addresses.hold(offset);
      await removeStale(held);
      const uplink = await uplinkTo(SOMEWHERE);
      mtu = uplink?.mtu ?? FALLBACK_MTU;
      resolver = readResolver();
      const uplinks = openForwarding(uplink === null ? [] : [uplink.name], options.forwardingDirectory);
      await applyRules(renderRuleset({ slices, addressPool: options.addressPool, resolvers: resolver.servers, uplinks, flows }));
      fill();
    },
    take: () =>
      new Promise((resolve, reject) => {
        const first = ready.shift();
        if (first === undefined) wanting.push({ resolve, reject });
        else resolve(first);
        setImmediate(fill);
      }),
    handOver: (taken) => unpin([taken]),
    release: (offset) => addresses?.release(offset, options.nowMs()),
    async setFlows(flows) {
      const ways = await Promise.all([...new Set(flows.map((flow) => flow.address))].map(uplinkTo));
      const names = ways.flatMap((way) => (way === null || way.name === "lo" ? [] : [way.name]));
      const uplinks = openForwarding(names, options.forwardingDirectory);
      await applyRules(renderFlows(slices, flows) + renderUplinks(slices, uplinks));
    },
    async resolver() {
      const now = readResolver();
      if (now.text !== resolver.text) {
        await applyRules(renderResolvers(slices, now.servers));
        resolver = now;
      }
      return resolver;
    },
    link,
    async teardown(lastOnHost) {
      closed = true;
      await making;
      await unpin(ready.splice(0));
      await removeStale([]);
      await applyRules(renderTableRemoval(slices));
      if (lastOnHost) closeForwarding(options.forwardingDirectory);
    },
    async close() {
      closed = true;
      await making;
    },
  };

  /** Networks of an earlier process that no container holds. */
  async function removeStale(held: readonly number[]): Promise<void> {
    const offsets = readNames(options.directory).filter((name) => /^\d+$/.test(name));
    await unpin(offsets.map((name) => link(Number(name))));
    const kept = new Set(held.map((offset) => link(offset).name));
    await removeLinks(readNames("/sys/class/net").filter((name) => name.startsWith(slices.linkPrefix) && !kept.has(name)));
  }
}

function takeAddress(addresses: AddressQueue | null, nowMs: number): number {
  const offset = addresses?.take(nowMs) ?? null;
  if (offset !== null) return offset;
  throw new PushboatError({
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

function readNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
