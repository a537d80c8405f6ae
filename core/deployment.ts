/** Deployments (operations): attempts to make a release current; their states and the one table of transitions. */
import type { AppName, BranchName, CommitId, EnvironmentName } from "./names.ts";

/*
 *  queued ──> building ──> built ──> releasing ──> committed ──> live
 *    │           │           │           │
 *    ├───────────┴───────────┴───────────┴──> failed | cancelled
 *    └──> superseded (a newer push to the same ref took its place)
 *
 *  committed: the transaction is done; only forward from here (boot rolls it forward). It fails only where that stays impossible.
 *  Operations that build nothing (config, scale, rollback, restart) go from queued straight to releasing.
 */
export type DeploymentState = "queued" | "building" | "built" | "releasing" | "committed" | "live" | "failed" | "cancelled" | "superseded";

export const DEPLOYMENT_TRANSITIONS: Readonly<Record<DeploymentState, readonly DeploymentState[]>> = {
  queued: ["building", "releasing", "failed", "cancelled", "superseded"],
  building: ["built", "failed", "cancelled"],
  built: ["releasing", "failed", "cancelled"],
  releasing: ["committed", "failed", "cancelled"],
  committed: ["live", "failed"],
  live: [],
  failed: [],
  cancelled: [],
  superseded: [],
};

export function isFinal(state: DeploymentState): boolean {
  return DEPLOYMENT_TRANSITIONS[state].length === 0;
}

export type DeploymentKind = "push" | "config" | "scale" | "stop" | "start" | "rollback" | "restart" | "volumes" | "promote" | "image";

export interface Deployment {
  /** Counts up over the whole platform. */
  readonly id: number;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly branch: BranchName | null;
  readonly kind: DeploymentKind;
  readonly state: DeploymentState;
  readonly commit: CommitId | null;
  /** `Deploy 1a2b3c4`, `Set FOO, BAR config vars`, `Rollback to v11`. */
  readonly description: string;
  readonly by: string;
  readonly createdMs: number;
  readonly finishedMs: number | null;
  /** The release it made, once there is one. */
  readonly release: number | null;
  /** Why it failed or was cancelled, for one line. */
  readonly reason: string | null;
}

export interface Release {
  readonly environment: EnvironmentName;
  /** v1, v2, ...; never reused within an environment. */
  readonly number: number;
  readonly description: string;
  readonly commit: CommitId | null;
  readonly imageDigest: string;
  readonly by: string;
  readonly createdMs: number;
  readonly state: "pending" | "current" | "past" | "failed";
}
