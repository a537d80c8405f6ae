/** The name server's process: starts as root, binds port 53, becomes its own user, answers containers whether control lives or not. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseSettings } from "../core/settings.ts";
import { listen, type NameServer } from "./server.ts";
import { becomeOwnUser } from "./system-user.ts";
import { watchTable } from "./table-file.ts";
import { resolversOf } from "./upstream.ts";

const PORT = 53;
const RETRY_MS = 100;

const settings = parseSettings(process.env);
const complain = (error: unknown): void => void process.stderr.write(`${new Date().toISOString()} ${String(error)}\n`);
process.stderr.on("error", () => undefined); // a full disk: the line is lost, and names are answered on
process.on("uncaughtException", complain);
process.on("unhandledRejection", complain);
process.on("SIGTERM", () => process.exit(0));
process.on("SIGINT", () => process.exit(0));

const table = watchTable(`${settings.runDirectory}/dns/table.json`);
const upstreams = resolversOf("/etc/resolv.conf");
let server: NameServer | null = null;
let said = "";

/** Control makes the address before it writes the table; after a reboot both take a moment. */
while (server === null) {
  const address = table.current()?.address;
  if (address === undefined) await table.changed(RETRY_MS);
  else
    server = await listen({ table, upstreams, address, port: PORT, onDefect: complain }).catch(async (error) => {
      if (said !== String(error)) complain(error);
      said = String(error);
      await sleep(RETRY_MS);
      return null;
    });
}
becomeOwnUser();
process.stderr.write(`${new Date().toISOString()} answering at ${table.current()?.address}\n`);
