/** What a release will stand on is on the disk before anything names it. */
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { systemFailure } from "./failure.ts";
import { absolute, walk } from "./walk.ts";

/** Up to this many files are flushed one by one; above it, syncing the filesystem is quicker. */
const FEW_FILES = 64;

/** Flushes everything below a directory. `files`: about how many there are. */
export async function flush(directory: string, files: number): Promise<void> {
  if (files > FEW_FILES) return syncFilesystem(directory);
  const paths = [...walk(directory)]
    .filter(({ stats }) => stats.isFile() || stats.isDirectory())
    .map(({ path }) => absolute(directory, path));
  await Promise.all([Buffer.from(directory), ...paths].map(flushOne));
}

async function flushOne(path: Buffer): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function syncFilesystem(directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("sync", ["-f", directory], { stdio: "ignore" });
    child.on("error", (error) => reject(systemFailure({ code: "build/disk", what: "sync could not be started", cause: error })));
    child.on("close", (code) =>
      code === 0
        ? resolve()
        : reject(systemFailure({ code: "build/disk", what: "The disk did not take the files", cause: `sync -f ended with ${code}` })),
    );
  });
}
