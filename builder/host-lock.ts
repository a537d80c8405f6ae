/** A lock between processes of this machine (flock(2) through util-linux): platforms share base and language layers. */
import { spawn } from "node:child_process";
import { systemFailure } from "./failure.ts";

/** Runs the work while the lock is held. The lock goes with its child process, and that with ours: nothing stays locked after a crash. */
export async function withHostLock<T>(lockFile: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const child = spawn("flock", ["--exclusive", lockFile, "sh", "-c", "echo held; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => {});
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.once("data", () => resolve());
      child.once("error", (error) => reject(systemFailure({ code: "build/lock", what: "flock could not be started", cause: error })));
      child.once("close", () =>
        reject(systemFailure({ code: "build/lock", what: `${lockFile} could not be locked`, cause: "flock ended" })),
      );
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    return await work();
  } finally {
    child.stdin.end();
    // Still waiting for the lock: flock itself does not read its input.
    if (signal?.aborted) child.kill("SIGKILL");
    await ended;
  }
}
