/** Interfaces that packets to elsewhere leave by, and so their answers come back by. Pure but for the reading. */
import { readText } from "../kernel/process.ts";

const RTF_GATEWAY = 0x2;

export function readGatewayInterfaces(): readonly string[] {
  return gatewayInterfacesIn(readText("/proc/net/route") ?? "");
}

/** Of every route through a gateway: columns Iface Destination Gateway Flags ... of /proc/net/route. */
export function gatewayInterfacesIn(table: string): readonly string[] {
  const rows = table.split("\n").slice(1);
  const names = rows.map((row) => row.split(/\s+/)).filter((columns) => (Number.parseInt(columns[3] ?? "0", 16) & RTF_GATEWAY) !== 0);
  return [...new Set(names.map((columns) => columns[0] ?? ""))];
}
