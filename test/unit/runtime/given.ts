/** Values for tests of pure parts: a workload and instances as one line each. */
import {
  type AppName,
  DEFAULT_SIZE,
  type EnvironmentName,
  type Image,
  type InstanceState,
  NO_HEALTH_RULES,
  type ProcessType,
  type ReadinessRule,
  WEB,
  type Workload,
} from "../../../core/index.ts";
import type { Tracked } from "../../../runtime/tracked.ts";

const READINESS: ReadinessRule = { checks: [], timeoutMs: 60_000, upForMs: 1_000 };

export function givenWorkload(quantities: Readonly<Record<string, number>>, patch: Partial<Workload> = {}): Workload {
  return {
    app: "blog" as AppName,
    environment: "blog" as EnvironmentName,
    slot: 3,
    revision: "12",
    release: 12,
    image: givenImage(),
    env: {},
    volumes: [],
    allowed: [],
    processes: Object.entries(quantities).map(([type, quantity]) => ({
      type: type as ProcessType,
      definition: { form: "shell", command: [`run-${type}`] },
      quantity,
      size: DEFAULT_SIZE,
      readiness: READINESS,
      health: NO_HEALTH_RULES,
      strategy: "overlap",
      readOnly: false,
      tmpfs: [],
    })),
    ...patch,
  };
}

export function givenImage(env: Readonly<Record<string, string>> = {}): Image {
  return { digest: "sha256:0", layers: [], config: { env, workingDirectory: "/app", uid: 1000, gid: 1000 }, processes: {} };
}

/** `web.1` of revision 12, up. */
export function givenInstance(name: string, state: InstanceState = "up", patch: Partial<Tracked> = {}): Tracked {
  const [type, index] = name.split(".");
  return {
    id: `${name}-${patch.revision ?? "12"}`,
    environment: "blog" as EnvironmentName,
    slot: 3,
    revision: "12",
    release: 12,
    type: (type ?? WEB) as ProcessType,
    index: Number(index),
    state,
    sinceMs: 0,
    pid: 1,
    ip: "198.18.0.9",
    logFile: "/nowhere",
    memoryLimitBytes: DEFAULT_SIZE.memoryBytes,
    restarts: 0,
    crashes: 0,
    upSinceMs: null,
    reason: null,
    restartAtMs: null,
    ...patch,
  };
}
