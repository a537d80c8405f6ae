/** Addresses and networks as users write them: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. */
import { isIP } from "node:net";

export function isNetwork(text: string): boolean {
  const [, address = "", bits = "0"] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  return isIP(address) !== 0 && Number(bits) <= (isIP(address) === 6 ? 128 : 32);
}
