/** An address that an environment is let out to (`network:allow`): IPv4 and port. */
import { isIPv4 } from "node:net";
import { PushboatError } from "./errors.ts";
import { quote } from "./names.ts";
import type { PrivateAddress } from "./workload.ts";

/** `10.0.0.5:5432` */
export function parsePrivateAddress(text: string): PrivateAddress {
  const match = /^([0-9.]{7,15}):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || !isIPv4(match[1]) || port < 1 || port > 65535) {
    throw new PushboatError({
      code: "network/address",
      message: `${quote(text)} is not an IPv4 address and a port`,
      hint: "Write HOST:PORT with a numeric host: 10.0.0.5:5432",
    });
  }
  if (/^(127\.|169\.254\.|0\.)/.test(match[1])) {
    throw new PushboatError({
      code: "network/never",
      message: `${match[1]} is never let through: ${match[1].startsWith("127.") ? "inside a container it is the container itself" : "it is the network's own"}`,
      hint: "Give the address of the service in the private network: 10.0.0.5:5432",
    });
  }
  return { address: match[1], port };
}
