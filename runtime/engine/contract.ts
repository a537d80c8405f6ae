/** The engine: containers with their filesystem, network and limits as kernel objects. It decides nothing; the supervisor (..) does. */
import type { Layer } from "../../core/index.ts";
import type { Counters } from "./kernel/usage.ts";

export interface ContainerMount {
  /** Absolute host path. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Owners on disk are those inside the container (idmapped mount), e.g. volumes. */
  readonly mapOwners: boolean;
  /** The source is a filesystem of its own, of this size, opened where it is not; null or undefined: a directory as others. */
  readonly limitBytes?: number | null;
}

export interface ContainerLimits {
  /** Beside the memory. */
  readonly swapBytes: number;
  /** Cores' time; null: all that is free. */
  readonly cpus: number | null;
  readonly openFiles: number;
  /** 10..1000, where the host can; null: as everybody. */
  readonly ioWeight: number | null;
  /** Of the writable layer, where the host has loop devices. */
  readonly diskBytes: number;
}

/** How near to its limits a container is. */
export interface Pressure {
  /** null: its writable layer has no limit. */
  readonly disk: { readonly usedBytes: number; readonly limitBytes: number } | null;
  readonly pids: number;
  /** How often a process or thread was refused since its start. */
  readonly pidRefusals: number;
}

export interface ContainerSpec {
  /** Unique on the platform for ever; [a-z0-9-], at most 60. Names the bundle, netns, cgroup. */
  readonly id: string;
  /** Environment's slot 0..1023 (uid range, firewall mark), or "build": the platform's range for builds. */
  readonly slot: number | "build";
  /** Lowest first. */
  readonly layers: readonly Layer[];
  /** Given: writes stay there afterwards (builds). null: a scratch directory removed with the container. */
  readonly upperDirectory: string | null;
  readonly mounts: readonly ContainerMount[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly uid: number;
  readonly gid: number;
  /** `app`: reachable from the host, egress to public addresses and what the slot is allowed; `registry`: egress only; `none`. */
  readonly network: "app" | "registry" | "none";
  /** May make mounts and namespaces inside its user namespace (core/sandbox.ts). */
  readonly nests?: boolean;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly cpuShares: number;
  /** Nothing but mounts can be written. */
  readonly readOnlyRoot?: boolean;
  /** Memory as files, 1777; counts as the container's. */
  readonly tmpfs?: readonly { readonly target: string; readonly bytes: number }[];
  /** Of apps; builds have none of them. */
  readonly limits?: ContainerLimits;
  /** k8s-file log that conmon writes; its directory exists. */
  readonly logFile: string;
  /** Free text pairs kept in the container's record, so that a restarted supervisor can adopt it. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface Container {
  readonly id: string;
  readonly slot: number | "build";
  /** Init's process id on the host and its start time (field 22 of /proc/PID/stat): together they cannot be confused. */
  readonly pid: number;
  readonly startTicks: string;
  /** null with network `none`. */
  readonly ip: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly logFile: string;
}

export interface ContainerExit {
  /** 128 + n for a death by signal n. */
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** conmon was lost: the exit code is not known. */
  readonly unknown: boolean;
}

export interface ExecSpec {
  readonly id: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly uid: number;
  readonly gid: number;
  readonly terminal: { readonly type: string; readonly columns: number; readonly rows: number } | null;
}

export interface ExecProcess {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  /** With a terminal: nothing comes here. */
  readonly stderr: NodeJS.ReadableStream;
  readonly exit: Promise<number>;
  /** Signal name without SIG; reaches the process inside. */
  signal(name: string): void;
  resize(columns: number, rows: number): void;
}

export interface Engine {
  /** Reserves the slices, makes the run directory, base firewall; idempotent. */
  prepare(): Promise<void>;
  /** Starts a container; resolves when its argv was started. Removes everything again when that fails. */
  start(spec: ContainerSpec): Promise<Container>;
  /** All containers with a record, also dead ones whose objects are not removed yet (adoption). */
  list(): Promise<readonly Container[]>;
  /** Resolves when the container's init has ended; also right away for one that has. */
  wait(id: string, signal: AbortSignal): Promise<ContainerExit>;
  /** Sends to all processes inside (TERM) or the whole cgroup (KILL). Nothing happens where it is gone. */
  kill(id: string, signal: "TERM" | "KILL" | "INT" | "HUP"): Promise<void>;
  /** Stops all its processes where they are, in memory; thaw lets them go on. kill and remove thaw by themselves. */
  freeze(id: string): void;
  thaw(id: string): void;
  /** Removes every kernel object and file of an ended (or killed here) container. Idempotent. */
  remove(id: string): Promise<void>;
  exec(spec: ExecSpec): Promise<ExecProcess>;
  /** Bytes in use without reclaimable cache (facts.md), from files; 0 where it is gone. Synchronous on purpose: 0.02 ms. */
  memoryBytes(id: string): number;
  /** Also of one that has ended and is not removed yet; null where it is gone. Synchronous as memoryBytes is. */
  pressure(id: string): Pressure | null;
  /** What it has used since its start, from files; zero where it is gone. */
  counters(id: string): Counters;
  /** Tells conmon to reopen its log after the file was renamed. */
  reopenLog(id: string): Promise<void>;
  /** Makes and mounts a volume that is a filesystem of its own; nothing to do without a limit, or where it is mounted. */
  openVolume(directory: string, limitBytes: number | null): Promise<void>;
  /** Unmounts volumes at the directory or below. */
  closeVolumes(directory: string): Promise<void>;
  setAllowed(slot: number, allowed: readonly { readonly address: string; readonly port: number }[]): Promise<void>;
  /** Containers of the slot may connect to those of these slots, beside their own. */
  setLinks(slot: number, links: readonly number[]): Promise<void>;
  /** Where containers ask for names. */
  dnsAddress(): string;
  /** Idmapped layers, firewall elements of a slot that runs nothing any more. */
  releaseSlot(slot: number): Promise<void>;
  /** Removes everything of this platform: containers (killed), mounts, netns, veth, cgroups, nft tables, reservations. */
  teardown(): Promise<void>;
  close(): Promise<void>;
}
