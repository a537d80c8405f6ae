/** A small ext4 of its own, so that a test can fill a disk. */
import { mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { mustRun } from "./command.ts";

export interface SmallDisk {
  readonly directory: string;
  /** Takes every free block. */
  fill(): Promise<void>;
  /** Gives them back. */
  empty(): void;
  freeBytes(): number;
  unmount(): Promise<void>;
}

export async function givenSmallDisk(bytes: number): Promise<SmallDisk> {
  const base = mkdtempSync("/var/tmp/pushboat-disk-");
  const [image, directory, filler] = [`${base}/image`, `${base}/mounted`, `${base}/mounted/filler`];
  writeFileSync(image, "");
  truncateSync(image, bytes);
  await mustRun(["mkfs.ext4", "-q", "-m", "0", image]); // no blocks that only root gets: Pushboat is root
  await mustRun(["mkdir", directory]);
  await mustRun(["mount", "-o", "loop", image, directory]);
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  };
  return {
    directory,
    freeBytes,
    async fill() {
      await mustRun([
        "sh",
        "-c",
        `fallocate -l ${freeBytes()} ${filler} 2>/dev/null; dd if=/dev/zero of=${filler}.rest bs=4k 2>/dev/null || true`,
      ]);
    },
    empty() {
      for (const file of [filler, `${filler}.rest`]) rmSync(file, { force: true });
    },
    async unmount() {
      await mustRun(["umount", directory]);
      rmSync(base, { recursive: true });
    },
  };
}
