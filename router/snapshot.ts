/** The route table as a file: whole or not there, readable by the router after it has dropped root. */
import { chown, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { PushboatError } from "../core/errors.ts";
import type { Route, RouteTable, RouteTarget } from "../core/index.ts";

/** Atomic and durable: written beside it, synced, renamed, and the directory synced. */
export async function writeSnapshot(path: string, table: RouteTable, groupId: number | null): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o640);
  try {
    await file.writeFile(JSON.stringify(table));
    await file.chmod(0o640);
    await file.sync();
  } finally {
    await file.close();
  }
  if (groupId !== null) await chown(temporary, process.getuid?.() ?? 0, groupId);
  await rename(temporary, path);
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** null: there is none yet. Throws PushboatError where it cannot be understood. */
export async function readSnapshot(path: string): Promise<RouteTable | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? null : parseSnapshot(text);
}

export function parseSnapshot(text: string): RouteTable {
  let table: Partial<RouteTable> | null;
  try {
    table = JSON.parse(text) as Partial<RouteTable> | null;
  } catch (cause) {
    throw broken("it is not JSON", cause);
  }
  if (!Number.isSafeInteger(table?.version) || !Array.isArray(table?.routes)) throw broken("no version or no routes");
  for (const route of table.routes as Route[]) {
    if (typeof route.environment !== "string" || !Array.isArray(route.hosts) || !Array.isArray(route.targets))
      throw broken("a route without hosts or targets");
    if (!(route.targets as RouteTarget[]).every(isTarget))
      throw broken(`a target of ${route.environment} without an IP address and a port`);
  }
  return table as RouteTable;
}

function isTarget(target: RouteTarget): boolean {
  return /^[0-9a-f.:[\]]+:\d{1,5}$/i.test(target.address) && typeof target.instance === "string";
}

function broken(what: string, cause?: unknown): PushboatError {
  return new PushboatError({
    code: "router/snapshot",
    message: `the route snapshot cannot be used: ${what}`,
    hint: "Run `pushboat restart`: control writes it anew.",
    kind: "platform",
    cause,
  });
}
