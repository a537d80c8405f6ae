/** Bytes on the disk, by du: a process of its own, so that nobody waits for a walk through a hundred thousand files. */
import { runOnHost } from "./host-command.ts";

const DU_TIMEOUT_MS = 5 * 60_000;
/** Far below what a command line may hold (ARG_MAX). */
const PATHS_AT_ONCE = 500;

/** A path that is not there takes nothing; what several of them share is counted for the first. */
export async function diskUsage(paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const bytesOf = new Map<string, number>();
  for (let index = 0; index < paths.length; index += PATHS_AT_ONCE) {
    for (const [path, bytes] of await measure(paths.slice(index, index + PATHS_AT_ONCE))) bytesOf.set(path, bytes);
  }
  return bytesOf;
}

export async function bytesOnDisk(path: string): Promise<number> {
  return (await diskUsage([path])).get(path) ?? 0;
}

/** A file that went while du looked makes it complain, and the rest is measured all the same. */
async function measure(paths: readonly string[]): Promise<readonly (readonly [string, number])[]> {
  const script = 'du --summarize --block-size=1 -- "$@" 2>/dev/null || true';
  const { stdout } = await runOnHost({ argv: ["sh", "-c", script, "du", ...paths], timeoutMs: DU_TIMEOUT_MS });
  const lines = stdout.split("\n").filter((line) => line.includes("\t"));
  return lines.map((line) => [line.slice(line.indexOf("\t") + 1), Number.parseInt(line, 10)]);
}
