/** What the supervisor knows about one instance: an immutable value, replaced at each change of state. */
import type { EnvironmentName, InstanceState, ProcessType } from "../core/index.ts";

/*
 *            ┌───────────────> crashed ──┐  (a restart is a new instance that takes its place)
 *            │                  ^        │
 *  starting ─┴──> up ───────────┘        ├──> stopping ──> down
 *     └───────────┴──────────────────────┘
 */
export const INSTANCE_TRANSITIONS: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  starting: ["up", "crashed", "stopping"],
  up: ["unready", "crashed", "stopping"],
  unready: ["up", "crashed", "stopping"],
  crashed: ["stopping"],
  stopping: ["down"],
  down: [],
};

export interface Tracked {
  /** Container id. */
  readonly id: string;
  readonly environment: EnvironmentName;
  readonly slot: number;
  readonly revision: string;
  readonly release: number;
  readonly type: ProcessType;
  readonly index: number;
  readonly state: InstanceState;
  readonly sinceMs: number;
  readonly pid: number | null;
  readonly ip: string | null;
  readonly logFile: string;
  readonly memoryLimitBytes: number;
  /** All restarts, for `ps`. */
  readonly restarts: number;
  /** Crashes before this start that are not forgotten: what the restart policy counts. */
  readonly crashes: number;
  readonly upSinceMs: number | null;
  /** Why it is in this state, for the user. */
  readonly reason: string | null;
  /** Crashed and kept: when the keeper starts it again. Nobody else does then. */
  readonly restartAtMs: number | null;
}

/** `web.1` */
export function instanceName(instance: { readonly type: string; readonly index: number }): string {
  return `${instance.type}.${instance.index}`;
}

/** `pushboat[web.1]` */
export function supervisorSource(instance: { readonly type: string; readonly index: number }): string {
  return `pushboat[${instanceName(instance)}]`;
}

/** Its processes are there, or are about to be. */
export function isLiving(instance: { readonly state: InstanceState }): boolean {
  return instance.state === "starting" || instance.state === "up" || instance.state === "unready";
}
