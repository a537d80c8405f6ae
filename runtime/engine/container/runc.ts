/** The only file that spawns runc (conmon and sandbox runs spawn it by the arguments made here). */
import { closeSync, constants, openSync, readSync, rmSync } from "node:fs";
import { setTimeout as delay, setImmediate as immediately } from "node:timers/promises";
import { PushboatError } from "../../../core/index.ts";
import { runCommandOrThrow } from "../command.ts";
import { isAlive } from "../kernel/process.ts";

/** Debian's; crun 1.8.1 fails on hosts with hybrid cgroups, so the runtime is always named. */
export const RUNC = "/usr/sbin/runc";

/**
 * What `runc start` does, without its process (6 ms): init waits for a reader of this pipe before it becomes the command.
 * The same since runc 1.0 (libcontainer, container.Exec); where the pipe is missing, runc itself is asked.
 */
export async function startCreated(
  runcRoot: string,
  id: string,
  init: { readonly pid: number; readonly startTicks: string },
): Promise<void> {
  const pipe = `${runcRoot}/${id}/exec.fifo`;
  let reader: number;
  try {
    reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    await runCommandOrThrow(RUNC, ["--root", runcRoot, "start", id]);
    return;
  }
  try {
    // the other end is woken by our opening it: usually there in a few microseconds
    for (let attempt = 0; !tryRead(reader); attempt += 1) {
      if (!isAlive(init.pid, init.startTicks)) {
        // a short command may have begun and ended since we looked: what init wrote before is still in the pipe
        if (tryRead(reader)) break;
        throw initGone(id);
      }
      await (attempt < 20 ? immediately() : delay(1));
    }
  } finally {
    closeSync(reader);
  }
  rmSync(pipe, { force: true });
}

function tryRead(reader: number): boolean {
  try {
    return readSync(reader, Buffer.alloc(1)) === 1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return false;
    throw error;
  }
}

function initGone(id: string): PushboatError {
  return new PushboatError({ code: "engine/create", message: `${id} ended before it was started`, kind: "platform" });
}
