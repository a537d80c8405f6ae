/** What each role may do, and where. One rule for pushes, fetches and commands alike. */
import { PushboatError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { type AppName, type BranchName, environmentName } from "./names.ts";
import { matchesPattern } from "./pushboat-yml.ts";

/*
 *  read    looks: apps, releases, logs, instances; fetches
 *  deploy  read, and everything that changes an environment: push, config, scale, rollback, run, domains, volumes
 *  admin   everything: apps, keys, tokens, hooks, the platform
 *
 *  A key may further be limited to one app, and to branches by a pattern: then production only where the pattern names its branch.
 */
export type Role = "admin" | "deploy" | "read";

const RANK: Readonly<Record<Role, number>> = { read: 0, deploy: 1, admin: 2 };

export function parseRole(text: string): Role {
  if (text === "admin" || text === "deploy" || text === "read") return text;
  throw new PushboatError({
    code: "keys/role",
    message: `${JSON.stringify(text.slice(0, 40))} is not a role`,
    hint: "Roles: admin, deploy, read",
  });
}

/** What something is about: an environment by its branch (production's own branch for production), an app as a whole, or the platform. */
export type Place =
  | { readonly kind: "environment"; readonly app: AppName; readonly branch: BranchName | null }
  | { readonly kind: "app"; readonly app: AppName }
  /** The door of an app: which branch it is about is judged later. */
  | { readonly kind: "some-branch"; readonly app: AppName }
  | { readonly kind: "platform" };

/** Throws `access/denied` with what is missing. branch null: the production branch is not known yet. */
export function requirePermission(identity: Identity, need: Role, place: Place): void {
  const missing = missingPermission(identity, need, place);
  if (missing === null) return;
  throw new PushboatError({
    code: "access/denied",
    message: `${identity.name} may not do this: ${missing}`,
    hint: "An administrator can give more rights: keys:add NAME --role ... --app ... --branches ...",
  });
}

export function missingPermission(identity: Identity, need: Role, place: Place): string | null {
  if (RANK[identity.role] < RANK[need]) return `it takes the role ${need}, this is ${identity.role}`;
  if (identity.app === undefined) return null;
  if (place.kind === "platform") return `this key is for the app ${identity.app} only`;
  if (place.app !== identity.app) return `this key is for the app ${identity.app} only`;
  if (identity.branches === undefined || place.kind === "some-branch") return null;
  // What concerns an app as a whole reaches production: sharing a key of its config would show its value.
  if (place.kind === "app")
    return need === "read" ? null : `this key is for branches like ${identity.branches}, not for all of ${place.app}`;
  const name = place.branch ?? "";
  return matchesPattern(identity.branches, name)
    ? null
    : `this key is for branches like ${identity.branches}, not ${environmentName(place.app, place.branch)}`;
}
