/** What of the host a platform may use, from its index: addresses, uids, names. Pure. */
import { PushboatError } from "../../core/index.ts";

export interface Slices {
  readonly index: number;
  /** First address of the platform's slice. */
  readonly firstAddress: number;
  readonly addressCount: number;
  /** Host uid that 0 is, in slot 0; the next slot's is UID_RANGE higher. */
  readonly firstUid: number;
  /** Host uid that 0 is, in builds. */
  readonly buildUid: number;
  /** `pb5-`: the host ends of the veth pairs begin with it. */
  readonly linkPrefix: string;
  readonly nftTable: string;
  /** `198.18.40.0/21` */
  readonly addressRange: string;
  /** Of the host, where containers ask for names: the slice's first, which no container gets. */
  readonly dnsAddress: string;
}

export const SLOTS = 1024;
export const UID_RANGE = 65_536;
/** RFC 2544: never routed, so it collides neither with private networks nor with Docker's or Tailscale's ranges. */
export const BENCHMARK_RANGE = "198.18.0.0/15";

/** A /21 for each platform: a new address for each start, none used again for a while. */
const ADDRESSES_PER_PLATFORM = 2048;
/** Above what LXD takes by default (1,000,000 + 10^9), below what systemd calls dangerous (2^31) for the first 16 platforms. */
const FIRST_SLOT_UID = 0x4000_0000;
const FIRST_BUILD_UID = 0x3f00_0000;
/** (2^32 - FIRST_SLOT_UID) / (SLOTS * UID_RANGE), one less: the last uid is reserved. */
const UID_BLOCKS = 47;

export interface AddressPool {
  readonly first: number;
  readonly count: number;
}

export function parseAddressPool(text: string): AddressPool {
  const [address = "", width = ""] = text.split("/");
  const bits = Number(width);
  const first = addressNumber(address);
  if (first === null || !/^\d+$/.test(width) || bits < 8 || bits > 21 || first % 2 ** (32 - bits) !== 0) {
    throw new PushboatError({
      code: "settings/address-pool",
      message: `PUSHBOAT_ADDRESS_POOL is ${JSON.stringify(text)}`,
      hint: `Give an IPv4 network of /8 to /21 that nothing else uses, by its first address: ${BENCHMARK_RANGE}`,
    });
  }
  return { first, count: 2 ** (32 - bits) };
}

/** How many platforms fit on one host. */
export function platformLimit(pool: AddressPool): number {
  return Math.min(UID_BLOCKS, Math.floor(pool.count / ADDRESSES_PER_PLATFORM));
}

export function slicesOf(index: number, platformId: string, pool: AddressPool): Slices {
  const firstAddress = pool.first + index * ADDRESSES_PER_PLATFORM;
  return {
    index,
    firstAddress,
    addressCount: ADDRESSES_PER_PLATFORM,
    firstUid: FIRST_SLOT_UID + index * SLOTS * UID_RANGE,
    buildUid: FIRST_BUILD_UID + index * UID_RANGE,
    linkPrefix: linkPrefixOf(index),
    nftTable: `pushboat_${platformId}`,
    dnsAddress: addressText(firstAddress),
    addressRange: `${addressText(firstAddress)}/${32 - Math.log2(ADDRESSES_PER_PLATFORM)}`,
  };
}

export function linkPrefixOf(index: number): string {
  return `pb${index}-`;
}

/** Host uid and gid that 0 inside is. */
export function baseUidOf(slices: Slices, slot: number | "build"): number {
  if (slot === "build") return slices.buildUid;
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) {
    throw new PushboatError({ code: "engine/slot", message: `slot ${slot} is not between 0 and ${SLOTS - 1}`, kind: "platform" });
  }
  return slices.firstUid + slot * UID_RANGE;
}

/** `198.18.0.9` -> 3323068425; null where it is no IPv4 address. */
export function addressNumber(text: string): number | null {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)) return null;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
