/** Host labels: `blog` for production, `slug(branch)--app` for a branch (design section 5). One DNS label, so one wildcard covers it. */
import { createHash } from "node:crypto";
import type { AppName, BranchName } from "./names.ts";

/** RFC 1035: 63 octets a label. */
const MAX_LABEL_LENGTH = 63;
/** Characters of the branch's hash where the slug alone would not be unique or allowed. */
const HASH_LENGTH = 6;
/** RFC 4648 base 32, lower case. */
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * A slug that lost something, has fewer than 3 characters (`qa--blog` would be an R-LDH label, which certificate
 * authorities refuse: RFC 5890 2.3.1), begins with `xn`, or is too long gets `-` and 6 base-32 characters of the branch's hash.
 */
export function hostLabel(app: AppName, branch: BranchName | null): string {
  if (branch === null) return app;
  const slug = branch
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const room = MAX_LABEL_LENGTH - app.length - "--".length;
  const kept = slug === branch && slug.length >= 3 && !slug.startsWith("xn") && slug.length <= room && !slug.includes("--");
  if (kept) return `${slug}--${app}`;
  const hash = base32(createHash("sha256").update(branch).digest(), HASH_LENGTH);
  const short = slug.slice(0, room - HASH_LENGTH - 1).replace(/-+$/, "");
  const safe = short.startsWith("xn") ? `b-${short.slice(0, room - HASH_LENGTH - 3)}` : short;
  return `${safe === "" ? "b" : safe}-${hash}--${app}`;
}

function base32(bytes: Uint8Array, length: number): string {
  let text = "";
  for (let index = 0; index < length; index += 1) text += BASE32[(bytes[index] ?? 0) % 32];
  return text;
}
