/** The system user that the name server's process becomes; it starts as root, since its own code may lie in a closed directory. */
import { readFileSync } from "node:fs";

const USER = "pushboat-dns";

/** initgroups is missing in the type package. */
interface WithGroups {
  initgroups(user: string, extraGroup: number): void;
}

/** For good: real, effective and saved ids, and the groups. Nothing happens where it is not root. */
export function becomeOwnUser(): void {
  if (process.getuid?.() !== 0) return;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${USER}:`))?.split(":") ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`there is no system user ${USER}: sudo ./pushboat up makes it`);
  (process as unknown as WithGroups).initgroups(USER, Number(gid));
  process.setgid?.(Number(gid));
  process.setuid?.(Number(uid));
}
