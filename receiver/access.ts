/** Whether an identity may fetch from or push to an app at all; which branches it may push is judged by control, ref by ref. */
import { type AppName, type Identity, requirePermission } from "../core/index.ts";
import type { GitServiceName } from "./git/request.ts";

export function requireGitAccess(identity: Identity, app: AppName, service: GitServiceName): void {
  requirePermission(identity, service === "receive-pack" ? "deploy" : "read", { kind: "some-branch", app });
}
