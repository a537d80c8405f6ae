/** The system user that the router's process becomes. */
import { readFileSync } from "node:fs";
import { PushboatError } from "../core/errors.ts";

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** From /etc/passwd, where useradd --system puts them. */
export function findSystemUser(name: string): SystemUser {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
  if (uid === undefined || gid === undefined) {
    const hint = "`sudo ./pushboat up` makes it.";
    throw new PushboatError({ code: "platform/no-user", message: `there is no system user ${name}`, hint, kind: "platform" });
  }
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** initgroups is missing in the type package. */
interface WithGroups {
  initgroups(user: string, extraGroup: number): void;
}

/** For good: real, effective and saved ids, and the groups. */
export function becomeUser(user: SystemUser): void {
  (process as unknown as WithGroups).initgroups(user.name, user.gid);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
}
