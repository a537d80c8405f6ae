/** Looks up a system user and becomes it. */
import { execFileSync } from "node:child_process";
import { PushboatError } from "../core/index.ts";

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export const ROUTER_USER = "pushboat-router";

export function findUser(name: string): SystemUser {
  let line: string;
  try {
    line = execFileSync("getent", ["passwd", name], { encoding: "utf8" });
  } catch (cause) {
    throw new PushboatError({
      code: "router/no-user",
      message: `there is no user ${name}`,
      hint: "Run `pushboat up`: it makes the user.",
      kind: "platform",
      cause,
    });
  }
  const [, , uid, gid] = line.split(":");
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** For good: real, effective and saved ids, and the groups. */
export function becomeUser(user: SystemUser): void {
  (process as NodeJS.Process & { initgroups(user: string, extraGroup: number): void }).initgroups(user.name, user.gid);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
}
