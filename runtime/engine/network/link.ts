/** One container's way out: a veth pair, as values and as `ip -batch` lines. Pure. */
import { addressText, type Slices } from "../slices.ts";

export interface Link {
  /** Offset of the address within the platform's slice; names everything. */
  readonly offset: number;
  readonly ip: string;
  /** Host end, at most 15 characters. */
  readonly name: string;
  /** Holds the namespace until a container does. */
  readonly netnsFile: string;
  /** A sysfs that shows only this namespace's devices. */
  readonly sysDirectory: string;
}

/** Only ever between two ends of one pair, so that any address will do; the container reaches it by a fixed neighbour entry. */
export const GATEWAY = "169.254.1.1";
/** Every host end has it. */
export const GATEWAY_MAC = "ee:ee:ee:ee:ee:ee";

export function linkOf(offset: number, slices: Slices, directory: string): Link {
  return {
    offset,
    ip: addressText(slices.firstAddress + offset),
    name: `${slices.linkPrefix}${offset}`,
    netnsFile: `${directory}/${offset}`,
    sysDirectory: `${directory}/${offset}.sys`,
  };
}

/** The pair, the host end up, and a route and a neighbour entry for exactly the container's address. */
export function addLinkLines(link: Link, mtu: number): readonly string[] {
  const mac = containerMac(link.ip);
  return [
    `link add ${link.name} mtu ${mtu} address ${GATEWAY_MAC} type veth peer name eth0 mtu ${mtu} address ${mac} netns ${link.netnsFile}`,
    `link set ${link.name} up`,
    `route add ${link.ip}/32 dev ${link.name}`,
    `neigh add ${link.ip} lladdr ${mac} dev ${link.name} nud permanent`,
  ];
}

function containerMac(ip: string): string {
  const bytes = ip.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return ["02", "70", ...bytes].join(":");
}
