/** Puts a new router in the place of the one that runs (`router:restart`), as the launcher's `restart` does: launcher/restart.sh. */
import { copyFile, rename, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { PushboatError, type RouterReport } from "../core/index.ts";
import { livingProcess } from "./process-record.ts";

export interface ReplacementOptions {
  readonly runDirectory: string;
  /** What the router that takes announcements says of itself. */
  readonly report: () => Promise<RouterReport | null>;
  readonly startTimeoutMs?: number;
}

/** The launcher's loop looks every 200 ms, a router starts in a second; a busy machine needs longer. */
const START_TIMEOUT_MS = 30_000;
const LOOK_INTERVAL_MS = 20;
/** Longer than the loop takes from its look to its record. */
const TAKE_BACK_MS = 500;

export async function replaceRouter(options: ReplacementOptions): Promise<RouterReport> {
  const { runDirectory, report, startTimeoutMs = START_TIMEOUT_MS } = options;
  const record = `${runDirectory}/processes/router`;
  const leaving = `${record}.leaving`;
  const old = livingProcess(record);
  if (old === null) throw notReplaceable("no router is running", "It is started again within a second: see `status`.");
  if (livingProcess(leaving) !== null)
    throw notReplaceable(
      "the router before this one still finishes its requests",
      "Try again when it is done, at the latest after the drain time.",
    );
  // No longer what `router` means: the launcher's loop starts another one, which takes connections beside this one and then tells it to end.
  await rename(record, leaving);
  const next = await nextRouter({ old, report, startTimeoutMs });
  if (next !== null) return next;
  await takeBack({ record, leaving, old });
  throw notReplaceable(
    `no other router was ready within ${startTimeoutMs / 1000} s; the old one serves on`,
    "See logs/platform/router.log in the data directory.",
  );
}

/**
 * Nobody came: the old one is what `router` means again. The loop may have begun another try in this very moment, whose record comes over
 * ours; then the old one's stays aside, for that one to find.
 */
async function takeBack({ record, leaving, old }: { record: string; leaving: string; old: number }): Promise<void> {
  if (livingProcess(record) !== null) return;
  await copyFile(leaving, `${record}.back`);
  await rename(`${record}.back`, record);
  await sleep(TAKE_BACK_MS);
  if (livingProcess(record) === old) await rm(leaving, { force: true });
}

interface AwaitedRouter extends Required<Pick<ReplacementOptions, "report" | "startTimeoutMs">> {
  readonly old: number;
}

/** The old one answers until the new one listens: it says that it leaves when its own listeners are closed. */
async function nextRouter({ old, report, startTimeoutMs }: AwaitedRouter): Promise<RouterReport | null> {
  for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += LOOK_INTERVAL_MS) {
    const said = await report();
    if (said !== null && said.pid !== old && said.listening) return said;
    await sleep(LOOK_INTERVAL_MS);
  }
  return null;
}

function notReplaceable(what: string, hint: string): PushboatError {
  return new PushboatError({ code: "router/not-replaced", message: `the router was not replaced: ${what}`, hint, kind: "transient" });
}
