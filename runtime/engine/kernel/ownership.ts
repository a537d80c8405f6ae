/** Takes the shift of a user namespace off the owners of a tree (ownership.pl): what a build step wrote becomes a layer. */
import { runCommandOrThrow } from "../command.ts";

const SCRIPT = new URL("ownership.pl", import.meta.url).pathname;

/** Owners baseUid + n become n; setuid, setgid and file capabilities go (the kernel clears them on chown; containers ignore them anyway). */
export async function unshiftOwners(directory: string, baseUid: number): Promise<void> {
  await runCommandOrThrow("perl", [SCRIPT, directory, String(baseUid)]);
}
