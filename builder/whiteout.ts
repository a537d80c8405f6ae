/** overlayfs whiteouts (character device 0:0) as hard links of one device: mknod is spawned once for a store, not for each file. */
import { spawnSync } from "node:child_process";
import { existsSync, linkSync, renameSync } from "node:fs";
import { join } from "node:path";
import { systemFailure } from "./failure.ts";

export interface Whiteouts {
  place(path: string | Buffer): void;
}

export function createWhiteouts(storeDirectory: string): Whiteouts {
  const device = join(storeDirectory, ".whiteout");
  const renew = (): void => {
    const fresh = `${device}.${process.pid}`;
    const made = spawnSync("mknod", ["-m", "0000", fresh, "c", "0", "0"], { encoding: "utf8" });
    if (made.status !== 0)
      throw systemFailure({ code: "build/whiteout", what: "mknod could not make a whiteout device", cause: made.error ?? made.stderr });
    renameSync(fresh, device);
  };
  return {
    place(path) {
      if (!existsSync(device)) renew();
      try {
        linkSync(device, path);
      } catch (error) {
        // ext4 allows 65,000 names for one inode; the next one gets a device of its own.
        if ((error as NodeJS.ErrnoException).code !== "EMLINK") throw error;
        renew();
        linkSync(device, path);
      }
    },
  };
}
