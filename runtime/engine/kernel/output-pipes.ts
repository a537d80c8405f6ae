/** The pipes that a process writes its output to, given to the user that it will become: only an owner may open /dev/stdout again (nginx does). */
import { chownSync, statSync } from "node:fs";

/**
 * For a container that is created and not started. runc does this itself, but not from inside a user namespace, where the owner of
 * conmon's pipes (root of the host) is nobody. What is no pipe (/dev/null) is left alone.
 */
export function giveOutputTo(uid: number, pid: number): void {
  for (const descriptor of [1, 2]) {
    const path = `/proc/${pid}/fd/${descriptor}`;
    if (statSync(path).isFIFO()) chownSync(path, uid, uid);
  }
}
