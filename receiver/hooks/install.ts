/** Puts the hooks where git looks for them: root-owned, so that a git child cannot change what runs next. */
import { chmod, copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HookName } from "./grants.ts";

const RELAY = fileURLToPath(new URL("./relay.pl", import.meta.url));
const HOOKS: readonly HookName[] = ["pre-receive", "proc-receive"];

/** In the data directory, not below /run: Debian mounts /run noexec. */
export function hooksDirectory(dataDirectory: string): string {
  return join(dataDirectory, "githooks");
}

export function hookSocketPath(runDirectory: string): string {
  return join(runDirectory, "hooks", "hooks.sock");
}

export async function installHooks(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o755);
  for (const hook of HOOKS) {
    const fresh = join(directory, `.${hook}.new`);
    await copyFile(RELAY, fresh);
    await chmod(fresh, 0o755);
    await rename(fresh, join(directory, hook));
  }
}
