/** One container's way out: a veth pair and an address. Pure. */
import { addressText, type Slices } from "../slices.ts";

export interface Link {
  /** Offset of the address within the platform's slice; names everything. */
  readonly offset: number;
  readonly ip: string;
  /** Of the container's end, from its address. */
  readonly mac: string;
  /** Of the host end, at most 15 characters. */
  readonly name: string;
}

/** Only ever between two ends of one pair, so that any address will do; the container reaches it by a fixed neighbour entry. */
export const GATEWAY = "169.254.1.1";
/** Every host end has it. */
export const GATEWAY_MAC = "ee:ee:ee:ee:ee:ee";

export function linkOf(offset: number, slices: Slices): Link {
  const ip = addressText(slices.firstAddress + offset);
  const bytes = ip.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return { offset, ip, mac: ["02", "70", ...bytes].join(":"), name: `${slices.linkPrefix}${offset}` };
}
