/** What the builder's files work with, made once in index.ts. */
import type { Sandbox } from "../core/index.ts";
import type { GitUser } from "./git-objects.ts";
import type { ImageStore } from "./image-store.ts";
import type { LayerStore } from "./layer-store.ts";
import type { Leases } from "./leases.ts";
import type { NpmRegistry } from "./npm-registry.ts";
import { STEP_LIMITS, type StepLimits } from "./step.ts";
import type { Whiteouts } from "./whiteout.ts";

export interface Parts {
  /** App, dependency and build layers of this platform. */
  readonly store: LayerStore;
  /** Base and language layers of this machine. */
  readonly cache: LayerStore;
  readonly images: ImageStore;
  readonly leases: Leases;
  readonly whiteouts: Whiteouts;
  readonly registry: NpmRegistry;
  readonly sandbox: Sandbox;
  readonly gitUser: GitUser;
  readonly dataDirectory: string;
  /** What versions there are, as the registries said. */
  readonly versionsDirectory: string;
  readonly limits: BuilderLimits;
  readonly now: () => number;
}

export interface BuilderLimits {
  /** A larger file in a commit is refused. */
  readonly maxFileBytes: number;
  /** Builds are refused when less of the disk is free. */
  readonly freeDiskPercent: number;
  /** All apps' caches together; the least recently used go first. */
  readonly cacheBudgetBytes: number;
  /** All layers of this platform together: those that nothing needs go first, the least recently used before the others. */
  readonly layerBudgetBytes: number;
  /** Of each build step. */
  readonly step: StepLimits;
}

export const DEFAULT_LIMITS: Omit<BuilderLimits, "cacheBudgetBytes" | "layerBudgetBytes"> = {
  maxFileBytes: 512 * 1024 * 1024,
  freeDiskPercent: 5,
  step: STEP_LIMITS,
};
