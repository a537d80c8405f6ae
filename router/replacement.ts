/** Puts a new router in the place of the one that runs (`router:restart`), as the launcher's `restart` does: launcher/restart.sh. */
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { PushboatError, type RouterReport } from "../core/index.ts";
import { livingProcess } from "./process-record.ts";

export interface ReplacementOptions {
  readonly runDirectory: string;
  /** What the router that takes announcements says of itself. */
  readonly report: () => Promise<RouterReport | null>;
}

/** The launcher's loop looks every 200 ms, a router starts in a second; a busy machine needs longer. */
const START_TIMEOUT_MS = 30_000;
const LOOK_INTERVAL_MS = 20;
/** What waits in the old router's accept queue goes to the new one instead of being reset (ip-sysctl: tcp_migrate_req). */
const MIGRATE_REQUESTS = "/proc/sys/net/ipv4/tcp_migrate_req";

export async function replaceRouter({ runDirectory, report }: ReplacementOptions): Promise<RouterReport> {
  const record = `${runDirectory}/processes/router`;
  const leaving = `${record}.leaving`;
  const old = livingProcess(record);
  if (old === null) throw notReplaceable("no router is running", "It is started again within a second: see `status`.");
  if (livingProcess(leaving) !== null)
    throw notReplaceable(
      "the router before this one still finishes its requests",
      "Try again when it is done, at the latest after the drain time.",
    );
  const migrated = await migrateAcceptQueues();
  try {
    // No longer what `router` means: the launcher's loop starts another one, which listens beside this one and then tells it to end.
    await rename(record, leaving);
    const next = await nextRouter(old, report);
    if (next !== null) return next;
    // Nobody came: it stays what `router` means.
    if (!existsSync(record)) await rename(leaving, record);
    throw notReplaceable(
      `no other router was ready within ${START_TIMEOUT_MS / 1000} s; the old one serves on`,
      "See logs/platform/router.log in the data directory.",
    );
  } finally {
    if (migrated !== null) await writeFile(MIGRATE_REQUESTS, migrated).catch(() => {});
  }
}

/** The old one answers until the new one listens: it says that it leaves when its own listeners are closed. */
async function nextRouter(old: number, report: ReplacementOptions["report"]): Promise<RouterReport | null> {
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += LOOK_INTERVAL_MS) {
    const said = await report();
    if (said !== null && said.pid !== old && said.listening) return said;
    await sleep(LOOK_INTERVAL_MS);
  }
  return null;
}

/** Answers what was set before; null: this kernel has no such setting (before Linux 5.14). */
async function migrateAcceptQueues(): Promise<string | null> {
  try {
    const before = await readFile(MIGRATE_REQUESTS, "utf8");
    await writeFile(MIGRATE_REQUESTS, "1");
    return before;
  } catch {
    return null;
  }
}

function notReplaceable(what: string, hint: string): PushboatError {
  return new PushboatError({ code: "router/not-replaced", message: `the router was not replaced: ${what}`, hint, kind: "transient" });
}
