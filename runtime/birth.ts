/** A new instance for a place in a workload: its values before it is started. Pure. */
import type { ProcessType, Workload, WorkloadProcess } from "../core/index.ts";
import { containerSpec } from "./container-spec.ts";
import type { ContainerSpec } from "./engine/contract.ts";
import { instanceLabels } from "./instance-labels.ts";
import { instanceName, type Tracked } from "./tracked.ts";

export interface Birth {
  readonly workload: Workload;
  readonly type: ProcessType;
  readonly index: number;
  /** The crashed one whose place it takes, and the crashes that are not forgotten by then. */
  readonly replaces: { readonly crashed: Tracked; readonly crashes: number } | null;
}

export interface Identity {
  readonly id: string;
  readonly logFile: string;
  readonly nowMs: number;
}

export function newborn(birth: Birth, { id, logFile, nowMs }: Identity): Tracked {
  const { workload, type, index, replaces } = birth;
  return {
    id,
    environment: workload.environment,
    slot: workload.slot,
    revision: workload.revision,
    release: workload.release,
    type,
    index,
    state: "starting",
    sinceMs: nowMs,
    pid: null,
    ip: null,
    logFile,
    memoryLimitBytes: processOf(workload, type).size.memoryBytes,
    restarts: replaces === null ? 0 : replaces.crashed.restarts + 1,
    crashes: replaces?.crashes ?? 0,
    upSinceMs: null,
    reason: null,
    restartAtMs: null,
  };
}

export function processOf(workload: Workload, type: ProcessType): WorkloadProcess {
  const process = workload.processes.find((one) => one.type === type);
  if (process === undefined) throw new Error(`${workload.environment} has no process type ${type}`);
  return process;
}

export function instanceSpec(birth: Birth, instance: Tracked): ContainerSpec {
  const { definition, size, readOnly, tmpfs } = processOf(birth.workload, birth.type);
  return containerSpec({
    id: instance.id,
    workload: birth.workload,
    name: instanceName(instance),
    definition,
    size,
    files: { readOnly, tmpfs },
    logFile: instance.logFile,
    labels: instanceLabels(instance),
    extraEnv: {},
  });
}
