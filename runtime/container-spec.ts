/** Workload + instance -> what the engine shall start. Pure. */
import { APP_HOME, type InstanceSize, type ProcessDefinition, type Workload, type WorkloadProcess } from "../core/index.ts";
import { commandLine } from "./command-line.ts";
import type { ContainerMount, ContainerSpec } from "./engine/contract.ts";
import type { Labels } from "./instance-labels.ts";

/** The same for every instance: each has a network namespace of its own. */
export const APP_PORT = 5000;

/** Where an image says nothing. */
const DEFAULT_ENV = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: APP_HOME };

export interface ContainerOrder {
  readonly id: string;
  readonly workload: Workload;
  /** `web.1`, `run.1234` */
  readonly name: string;
  readonly definition: ProcessDefinition;
  readonly size: InstanceSize;
  /** One-offs have none: what is done by hand may need to write anywhere. */
  readonly files?: Pick<WorkloadProcess, "readOnly" | "tmpfs">;
  readonly logFile: string;
  readonly labels: Labels;
  readonly extraEnv: Readonly<Record<string, string>>;
}

export function containerSpec(order: ContainerOrder): ContainerSpec {
  const { workload, size } = order;
  const { config, layers } = workload.image;
  return {
    id: order.id,
    slot: workload.slot,
    layers,
    upperDirectory: null,
    mounts: workload.volumes.map(
      (volume): ContainerMount => ({
        source: volume.hostDirectory,
        target: volume.target,
        readOnly: false,
        mapOwners: true,
        limitBytes: volume.limitBytes,
      }),
    ),
    argv: commandLine(order.definition),
    env: containerEnv(order),
    workingDirectory: config.workingDirectory,
    uid: config.uid,
    gid: config.gid,
    network: "app",
    memoryBytes: size.memoryBytes,
    pids: size.pids,
    cpuShares: size.cpuShares,
    limits: { swapBytes: size.swapBytes, cpus: size.cpus, openFiles: size.openFiles, ioWeight: size.ioWeight, diskBytes: size.diskBytes },
    readOnlyRoot: order.files?.readOnly ?? false,
    tmpfs: order.files?.tmpfs ?? [],
    logFile: order.logFile,
    labels: order.labels,
  };
}

/** Image first, then config, then what only we can know: a PORT set by hand would make the app unreachable. */
export function containerEnv(order: Pick<ContainerOrder, "workload" | "name" | "extraEnv">): Readonly<Record<string, string>> {
  return {
    ...DEFAULT_ENV,
    ...order.workload.image.config.env,
    ...order.workload.env,
    PORT: String(APP_PORT),
    DYNO: order.name,
    PUSHBOAT_INSTANCE: order.name,
    ...order.extraEnv,
  };
}
