/** Basic auth (RFC 7617) of a protected environment. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { RouteAccess } from "../core/index.ts";

/** authorization: the field's value, or null. */
export function isAdmitted(access: RouteAccess, authorization: string | null): boolean {
  const encoded = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return false;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0 || text.slice(0, colon) !== access.user) return false;
  const given = createHash("sha256")
    .update(text.slice(colon + 1))
    .digest();
  const wanted = Buffer.from(access.passwordSha256, "hex");
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
