/** Files that are there whole or not at all. */
import { renameSync, writeFileSync } from "node:fs";

export function writeAtomically(path: string, text: string, mode = 0o600): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, text, { mode });
  renameSync(draft, path);
}
