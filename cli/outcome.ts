/** What a change came to, as text; a deployment that did not go live is a failure, never exit 0. */
import type { Outcome } from "../control/index.ts";
import { type Deployment, type DeploymentKind, PushboatError } from "../core/index.ts";

/** `done, v12` where there is a new release. */
export function outcomeText({ release, deployment }: Outcome): string {
  if (deployment === null) return "done";
  ensureLive(deployment);
  return release === null || KEEP_THE_RELEASE.has(deployment.kind) ? "done" : `done, v${release}`;
}

const KEEP_THE_RELEASE: ReadonlySet<DeploymentKind> = new Set(["scale", "stop", "start", "restart", "volumes"]);

export function ensureLive(deployment: Deployment): void {
  const { id, state, reason } = deployment;
  if (state === "live" || state === "committed") return;
  throw new PushboatError({
    code: "deploy/not-live",
    message: `Deployment ${id} is ${state}${reason === null ? "" : `: ${reason}`}`,
    hint: `Look at it again: deploys:attach ${id}`,
  });
}
