/** Where the local door is: a directory that only root enters. */
import { join } from "node:path";

export function adminSocketPath(runDirectory: string): string {
  return join(runDirectory, "admin", "admin.sock");
}
