/** Builds stop before the disk is full: what runs must be able to write. */
import { statfs } from "node:fs/promises";
import { PushboatError } from "../core/index.ts";

export async function refuseFullDisk(directory: string, leastFreePercent: number): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(directory);
  const freePercent = (bavail / blocks) * 100;
  if (freePercent >= leastFreePercent) return;
  throw new PushboatError({
    code: "build/disk-full",
    message: `Only ${freePercent.toFixed(1)} % of the disk of ${directory} is free (${Math.round((bavail * bsize) / 1024 / 1024)} MB); a build needs ${leastFreePercent} %`,
    hint: "Remove apps or environments that are not needed (apps:destroy, envs:destroy), or give the machine a larger disk.",
    kind: "platform",
  });
}
