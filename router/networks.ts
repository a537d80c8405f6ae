/** Whether an address is in one of some networks. */
import { BlockList, isIP, isIPv6 } from "node:net";

/** `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`; control has checked them. */
export function networkList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    list.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family);
  }
  return list;
}

export function isInNetworks(list: BlockList, address: string): boolean {
  if (isIP(address) === 0) return false;
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
