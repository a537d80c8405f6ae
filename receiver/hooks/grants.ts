/** Single-use tokens that bind a hook to the push it belongs to: app, identity and channel, made when git is spawned. */
import { randomBytes } from "node:crypto";
import type { AppName, Identity } from "../../core/index.ts";

export type HookName = "pre-receive" | "proc-receive";

export interface Grant {
  readonly app: AppName;
  readonly identity: Identity;
  readonly disconnected: AbortSignal;
}

export interface Grants {
  /** `revoke` when git has ended. */
  issue(grant: Grant): { readonly token: string; readonly revoke: () => Promise<void> };
  /** null: unknown, revoked, or this hook used it already. */
  redeem(token: string, hook: HookName): Grant | null;
}

const TOKEN_BYTES = 24;

export function createGrants(): Grants {
  const open = new Map<string, { readonly grant: Grant; readonly unused: Set<HookName> }>();
  return {
    issue: (grant) => {
      const token = randomBytes(TOKEN_BYTES).toString("hex");
      open.set(token, { grant, unused: new Set(["pre-receive", "proc-receive"]) });
      return {
        token,
        revoke: async () => {
          open.delete(token);
        },
      };
    },
    redeem: (token, hook) => {
      const entry = open.get(token);
      return entry?.unused.delete(hook) === true ? entry.grant : null;
    },
  };
}
