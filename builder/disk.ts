/** Builds stop before the disk is full: what runs must be able to write. */
import { statfs } from "node:fs/promises";
import { type EventSink, PushboatError } from "../core/index.ts";

/** Full by so much: builds go on, their pushers are told, and layers that nothing needs go. */
export const FULL_USED_PERCENT = 80;

export async function diskFreePercent(directory: string): Promise<number> {
  const { bavail, blocks } = await statfs(directory);
  return (bavail / blocks) * 100;
}

export async function refuseFullDisk(directory: string, leastFreePercent: number, onEvent: EventSink): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(directory);
  const freePercent = (bavail / blocks) * 100;
  if (freePercent >= leastFreePercent) {
    const text = diskWarning(freePercent, leastFreePercent);
    if (text !== null) onEvent({ kind: "warning", text });
    return;
  }
  throw new PushboatError({
    code: "build/disk-full",
    message: `Only ${freePercent.toFixed(1)} % of the disk of ${directory} is free (${Math.round((bavail * bsize) / 1024 / 1024)} MB); a build needs ${leastFreePercent} %`,
    hint: "`disk` shows what takes the place. Remove apps or environments that are not needed (apps:destroy, envs:destroy), or give the machine a larger disk.",
    kind: "platform",
  });
}

/** Pure; null: there is room. */
export function diskWarning(freePercent: number, leastFreePercent: number): string | null {
  if (100 - freePercent < FULL_USED_PERCENT) return null;
  return `The server's disk is ${Math.floor(100 - freePercent)} % full; from ${100 - leastFreePercent} % on nothing is built (\`disk\` shows what takes the place)`;
}
