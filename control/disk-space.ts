/** Whether there is room for a change at all: with a full disk it would fail somewhere in its middle, with whatever words that place has. */
import { statfsSync } from "node:fs";
import { PushboatError } from "../core/index.ts";

/** A push's objects, a release's rows, a bundle: small, and what runs must be able to write meanwhile. Builds want more (builder/disk.ts). */
const LEAST_FREE_BYTES = 32 * 1024 * 1024;

export function requireSpace(dataDirectory: string): void {
  const { bavail, bsize } = statfsSync(dataDirectory);
  const freeBytes = bavail * bsize;
  if (freeBytes >= LEAST_FREE_BYTES) return;
  throw new PushboatError({
    code: "disk/full",
    message: `the server's disk is full: ${Math.floor(freeBytes / 1024 / 1024)} MB are free where ${dataDirectory} is, a change needs ${LEAST_FREE_BYTES / 1024 / 1024} MB`,
    hint: "What runs serves on. `disk` shows what takes the place; remove apps or environments that are not needed, or give the machine a larger disk, and try again.",
    kind: "platform",
  });
}

/** It may be over in a moment (store/unwritable.ts). */
export function isUnwritableState(error: unknown): boolean {
  return error instanceof PushboatError && error.code === "state/unwritable";
}
