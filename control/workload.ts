/** A release, its formation and its config as the workload that the runtime shall run. Pure. */
import { join } from "node:path";
import {
  type CommitId,
  type Config,
  type Image,
  type Manifest,
  NO_HEALTH_RULES,
  type PrivateAddress,
  type ProcessDefinition,
  type ProcessType,
  RELEASE,
  type Settings,
  stoppedIndexes,
  type VolumeMount,
  WEB,
  type Workload,
  type WorkloadProcess,
} from "../core/index.ts";
import { sizeOf } from "./sizes.ts";
import type { EnvironmentRecord } from "./store/index.ts";

export interface WorkloadInput {
  readonly settings: Settings;
  readonly environment: EnvironmentRecord;
  readonly release: number;
  readonly revision: string;
  readonly commit: CommitId | null;
  readonly image: Image;
  readonly config: Config;
  readonly manifest: Manifest;
  /** Explicit quantities. */
  readonly formation: Readonly<Record<string, number>>;
  /** Memory asked for by hand. */
  readonly sizes: Readonly<Record<string, number>>;
  /** What ps:stop stopped. */
  readonly stops: readonly string[];
  readonly mounts: readonly { readonly name: string; readonly mountedAt: string | null; readonly limitBytes: number | null }[];
  readonly allowed: readonly PrivateAddress[];
  readonly url: string;
}

/** `ready` of a type that answers no requests: up for this long (design section 3). */
const UP_FOR_MS = 1000;

export function makeWorkload(input: WorkloadInput): Workload {
  const { settings, environment, image } = input;
  return {
    app: environment.app,
    environment: environment.name,
    slot: environment.slot,
    revision: input.revision,
    release: input.release,
    image,
    env: { ...input.config, ...injected(input) },
    volumes: input.mounts.flatMap((mount) => volumeMount(settings.dataDirectory, environment, mount)),
    allowed: input.allowed,
    processes: (Object.entries(image.processes) as [ProcessType, ProcessDefinition][])
      .filter(([type]) => type !== RELEASE)
      .map(([type, definition]): WorkloadProcess => {
        const rules = input.manifest.processes?.[type] ?? {};
        const health = rules.health ?? NO_HEALTH_RULES;
        return {
          type,
          definition,
          quantity: quantityOf(type, input.formation),
          stopped: stoppedIndexes(input.stops, type, quantityOf(type, input.formation)),
          size: sizeOf(settings, environment, type, input),
          readiness: { checks: health.startup, timeoutMs: settings.bootTimeoutMs, upForMs: UP_FOR_MS },
          health,
          strategy: rules.strategy ?? "overlap",
          readOnly: rules.readOnly ?? false,
          tmpfs: rules.tmpfs ?? [],
        };
      }),
  };
}

/** First deploy: web=1, others 0; a staying type keeps its count (semantics.md). */
export function quantityOf(type: string, formation: Readonly<Record<string, number>>): number {
  return formation[type] ?? (type === WEB ? 1 : 0);
}

export function volumeDirectory(dataDirectory: string, environment: EnvironmentRecord, name: string): string {
  return join(dataDirectory, "volumes", encodeURIComponent(environment.name), name);
}

function volumeMount(
  dataDirectory: string,
  environment: EnvironmentRecord,
  mount: { name: string; mountedAt: string | null; limitBytes: number | null },
): VolumeMount[] {
  if (mount.mountedAt === null) return [];
  return [
    {
      volume: mount.name as VolumeMount["volume"],
      hostDirectory: volumeDirectory(dataDirectory, environment, mount.name),
      target: mount.mountedAt,
      limitBytes: mount.limitBytes,
    },
  ];
}

/** PUSHBOAT_* and GIT_REV (for Dokku users). PORT and DYNO are the runtime's. */
function injected(input: WorkloadInput): Record<string, string> {
  return {
    PUSHBOAT_APP: input.environment.app,
    PUSHBOAT_ENVIRONMENT: input.environment.name,
    PUSHBOAT_RELEASE: `v${input.release}`,
    PUSHBOAT_URL: input.url,
    ...(input.commit === null ? {} : { PUSHBOAT_COMMIT: input.commit, GIT_REV: input.commit }),
  };
}
