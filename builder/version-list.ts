/** Lists of the versions that a registry has, kept in files for all platforms of the machine. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { readJson, writeHint } from "./atomic-file.ts";

/** An older list is renewed behind a build's back; a build waits only where there is none at all. */
const FRESH_MS = 3600_000;

export async function knownList(
  directory: string,
  name: string,
  now: () => number,
  fetchList: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const file = join(directory, `${name.replace("/", "-")}.json`);
  const fetched = async (): Promise<readonly string[]> => {
    const versions = await fetchList();
    writeHint(file, versions);
    return versions;
  };
  const stored = readJson<readonly string[]>(file);
  if (stored === null) return fetched();
  if (now() - statSync(file).mtimeMs > FRESH_MS) fetched().catch(() => {});
  return stored;
}
