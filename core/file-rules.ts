/** What pushboat.yml says about the files of a process type: a root that cannot be written, memory mounted as files. */
import { z } from "zod";
import { parseBytes } from "./bytes.ts";

export interface Tmpfs {
  readonly target: string;
  readonly bytes: number;
}

const DEFAULT_TMPFS_BYTES = 64 * 1024 ** 2;
const LEAST_TMPFS_BYTES = 64 * 1024;
/** What the container's own mounts and programs need. */
const CLOSED_PATHS = /^\/(bin|boot|dev|etc|lib|lib64|proc|sbin|sys|usr|\.pushboat)(\/|$)/;

/** `/tmp`, `/var/cache:16mb`. Counts as memory of the instance. */
export const tmpfsMount = z.string().transform((text, context): Tmpfs => {
  const [target = "", size] = text.split(":");
  const bytes = size === undefined ? DEFAULT_TMPFS_BYTES : parseBytes(size);
  const clean = /^(\/[A-Za-z0-9._-]+)+$/.test(target) && !/(^|\/)\.\.?(\/|$)/.test(target) && !CLOSED_PATHS.test(target);
  if (clean && target.length <= 200 && bytes !== null && bytes >= LEAST_TMPFS_BYTES) return { target, bytes };
  context.addIssue({
    code: "custom",
    message: "must be a path outside the system's directories, and may have a size: /tmp, /var/cache:16mb",
  });
  return z.NEVER;
});
