/** The system users that the launcher made: control gives its git children and the router's files to them. */
import { readFileSync } from "node:fs";
import { PushboatError } from "./core/index.ts";

export interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

/** From /etc/passwd, where useradd --system puts them. */
export function findUnixUser(name: string): UnixUser {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined) {
    throw new PushboatError({
      code: "platform/no-user",
      message: `there is no system user ${name}`,
      hint: "`sudo ./pushboat up` makes it.",
      kind: "platform",
    });
  }
  return { uid: Number(uid), gid: Number(gid) };
}
