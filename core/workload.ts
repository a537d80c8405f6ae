/** What an environment shall run, what does run, and the runtime's face towards control. */
import type { EventSink } from "./events.ts";
import type { Tmpfs } from "./file-rules.ts";
import type { HealthCheck, HealthRules } from "./health.ts";
import type { Image, ProcessDefinition } from "./image.ts";
import type { AppName, EnvironmentName, ProcessType, VolumeName } from "./names.ts";
import type { ReplaceStrategy } from "./process-rules.ts";
import type { InstanceSize } from "./size.ts";

export interface VolumeMount {
  readonly volume: VolumeName;
  /** Absolute host directory, below the data directory; owners in it are those inside the container. */
  readonly hostDirectory: string;
  /** It is a filesystem of its own; null: part of the disk's. */
  readonly limitBytes: number | null;
  readonly target: string;
}

export interface PrivateAddress {
  /** IPv4 address. */
  readonly address: string;
  readonly port: number;
}

/** Ready when all startup checks are well; without any, web when it accepts TCP on PORT, others when up for `upForMs`. */
export interface ReadinessRule {
  readonly checks: readonly HealthCheck[];
  readonly timeoutMs: number;
  readonly upForMs: number;
}

export interface WorkloadProcess {
  readonly type: ProcessType;
  readonly definition: ProcessDefinition;
  readonly quantity: number;
  /** Of 1..quantity, those that ps:stop stopped. */
  readonly stopped?: readonly number[];
  readonly size: InstanceSize;
  readonly readiness: ReadinessRule;
  /** After it went live. */
  readonly health: HealthRules;
  readonly strategy: ReplaceStrategy;
  /** Root filesystem; volumes and tmpfs can be written. */
  readonly readOnly: boolean;
  readonly tmpfs: readonly Tmpfs[];
}

/** Indexes of the instances that shall run. */
export function placesOf({ quantity, stopped = [] }: Pick<WorkloadProcess, "quantity" | "stopped">): readonly number[] {
  return Array.from({ length: quantity }, (_, at) => at + 1).filter((index) => !stopped.includes(index));
}

/** How many instances shall run. */
export function placeCount({ processes }: Pick<Workload, "processes">): number {
  return processes.reduce((sum, process) => sum + placesOf(process).length, 0);
}

/** Everything an environment shall run. Instances of another `revision` are surplus. */
export interface Workload {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  /** 0..1023, own for each living environment and stable: uid range, firewall mark. */
  readonly slot: number;
  /** Changes with each release and each restart: `12`, `12.r1`. Scaling keeps it. */
  readonly revision: string;
  readonly release: number;
  readonly image: Image;
  /** Config and injected values; PORT, DYNO and PUSHBOAT_INSTANCE are added for each instance. */
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly VolumeMount[];
  /** network:allow. Changing it takes effect at once on running instances (setAllowed). */
  readonly allowed: readonly PrivateAddress[];
  readonly processes: readonly WorkloadProcess[];
}

/** What somebody may send to an instance. */
export const INSTANCE_SIGNALS = ["HUP", "INT", "TERM", "KILL"] as const;
export type InstanceSignal = (typeof INSTANCE_SIGNALS)[number];

export type InstanceState = "starting" | "up" | "unready" | "crashed" | "stopping" | "down";

export interface Instance {
  /** Container id. */
  readonly id: string;
  readonly environment: EnvironmentName;
  readonly revision: string;
  readonly release: number;
  readonly type: ProcessType;
  readonly index: number;
  readonly state: InstanceState;
  /** IPv4 and port that web answers at; null while there is none. Only web has a port that is routed to. */
  readonly address: { readonly ip: string; readonly port: number } | null;
  readonly pid: number | null;
  readonly memoryBytes: number;
  readonly restarts: number;
  /** Epoch milliseconds of the last change of state. */
  readonly sinceMs: number;
  /** A word or sentence for the user: `exited with code 1`, `out of memory (512 MB)`, `killed by SIGKILL`. */
  readonly reason: string | null;
}

/** An address that a living container has. */
export interface ContainerAddress {
  readonly ip: string;
  readonly environment: EnvironmentName;
  /** null: a one-off. */
  readonly type: ProcessType | null;
  /** It is kept, and up. */
  readonly ready: boolean;
}

/** What an instance or a one-off has used since its start; counters only grow. */
export interface InstanceUsage {
  /** `web.1`, `run.17` */
  readonly name: string;
  readonly id: string;
  readonly state: InstanceState;
  readonly restarts: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly processes: number;
  readonly cpuMs: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** An instance as its owner sees it: `idle` where the environment sleeps, `stopped` by ps:stop. One-offs are shown beside them. */
export type ShownInstance = Omit<Instance, "state"> & {
  readonly state: InstanceState | "idle" | "stopped";
  /** The command of a one-off, where it is known. */
  readonly oneOff?: string;
};

declare const healthy: unique symbol;
/** Only `converge` makes these, and only these can be routed to. */
export type HealthyInstance = Instance & { readonly state: "up"; readonly [healthy]: true };

export interface Convergence {
  readonly healthy: readonly HealthyInstance[];
  /** What runs and is not wanted by the workload; still running. */
  readonly surplus: readonly Instance[];
  /** Stops what this convergence started; what ran before runs on. For a failure before the commit point. */
  readonly undo: () => Promise<void>;
}

export interface OneOffSpec {
  readonly workload: Workload;
  /** `run.1234`, `release.7`: unique, also the log source. */
  readonly name: string;
  readonly definition: ProcessDefinition;
  readonly size: InstanceSize;
  readonly extraEnv: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface OneOffIo {
  readonly stdin: NodeJS.ReadableStream | null;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** With a terminal: one stream (stdout), resize, raw input. */
  readonly terminal: {
    readonly type: string;
    readonly columns: number;
    readonly rows: number;
    readonly onResize: (listener: (size: { columns: number; rows: number }) => void) => void;
  } | null;
  readonly onSignal: (listener: (name: string) => void) => void;
}

export interface OneOffResult {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
}

/** A one-off that nobody is attached to: it outlives whoever asked for it and control itself. */
export interface DetachedSpec extends Omit<OneOffSpec, "signal"> {
  /** Epoch milliseconds: it is ended then. */
  readonly deadlineMs: number;
}

/** A one-off that runs: detached, or with somebody attached. */
export interface RunningOneOff {
  readonly environment: EnvironmentName;
  /** `run.17`, `cron.18`, `release.7` */
  readonly name: string;
  readonly release: number;
  readonly sinceMs: number;
  readonly pid: number | null;
  readonly memoryBytes: number;
}

/** Of a detached one-off. */
export interface OneOffEnd {
  readonly environment: EnvironmentName;
  readonly name: string;
  /** null: lost with its monitor. */
  readonly exitCode: number | null;
  /** `exited with code 1`, `ended after its time limit` */
  readonly reason: string;
  readonly lastLines: readonly string[];
}

export interface LogQuery {
  readonly environment: EnvironmentName;
  /** Last lines first looked for; null: all kept. */
  readonly lines: number | null;
  /** `web` or `web.1`; null: all. */
  readonly process: string | null;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

export interface LogLine {
  /** `2026-08-01T10:00:00.123456+00:00` */
  readonly time: string;
  /** `app[web.1]`, `pushboat[web.1]` (state changes), `pushboat[router]`, `pushboat[api]`. */
  readonly source: string;
  readonly text: string;
}

export interface Runtime {
  /** Finds what runs (after a restart of control) without touching it. Before anything else. */
  adopt(): Promise<void>;
  /**
   * Starts what the workload asks for and does not run yet, web first until ready, then the other types; instances of the
   * same revision, type and index are kept. Throws after undoing when something does not become healthy, with the last
   * lines of its output in the events.
   */
  converge(workload: Workload, options: { readonly onEvent: EventSink; readonly signal: AbortSignal }): Promise<Convergence>;
  /** From now on this is what is kept up in the environment (crash -> restart by policy). After the commit point. */
  keep(workload: Workload): void;
  /** Nothing is kept up in the environment any more. */
  forget(environment: EnvironmentName): void;
  /** Stops what runs in the environment where it is, in memory, or lets it go on: sleep without a boot at the end. */
  freeze(environment: EnvironmentName): void;
  thaw(environment: EnvironmentName): void;
  /** TERM, 30 s, KILL; removes every kernel object. Idempotent. */
  stop(instances: readonly Instance[]): Promise<void>;
  /** To all processes of a running instance; nothing happens where it is gone. */
  signal(instance: Instance, name: InstanceSignal): Promise<void>;
  /** All instances of one environment, or of all. */
  instances(environment?: EnvironmentName): readonly Instance[];
  /** Of all containers; onChange tells when they change. */
  addresses(): readonly ContainerAddress[];
  /** Where containers ask for names. */
  dnsAddress(): string;
  /** Containers of the slot may connect to those of these slots, beside their own. */
  setLinks(slot: number, links: readonly number[]): Promise<void>;
  /** Of everything of the environment that has processes. */
  usage(environment: EnvironmentName): readonly InstanceUsage[];
  /** What the kept workload asks for and is up: for the route table, after a commit and after each onChange. */
  healthy(environment: EnvironmentName): readonly HealthyInstance[];
  /** Called when a kept instance changes state or address, so that routes can follow. */
  onChange(listener: (environment: EnvironmentName) => void): void;
  /** A container of its own from the workload's image and env: release commands and `run`. Output goes to io and, for release commands, to the log. */
  runOneOff(spec: OneOffSpec, io: OneOffIo): Promise<OneOffResult>;
  /** Another process in a running instance, inside the same fences. Answers its exit code; aborting ends it. */
  exec(instance: Instance, spec: Pick<OneOffSpec, "workload" | "definition" | "signal">, io: OneOffIo): Promise<number>;
  /** Resolves when its command was started; it goes on without us, and is adopted like an instance. */
  startDetached(spec: DetachedSpec): Promise<void>;
  /** Called at the end of each detached one-off, also of one that ended while control was down (from `adopt` on). */
  onDetachedEnd(listener: (end: OneOffEnd) => void): void;
  /** TERM, 30 s, KILL; resolves when it is gone. False: nothing of this name runs in the environment. */
  endOneOff(environment: EnvironmentName, name: string, reason: string): Promise<boolean>;
  /** Of one environment, or of all. */
  oneOffs(environment?: EnvironmentName): readonly RunningOneOff[];
  setAllowed(environment: EnvironmentName, slot: number, allowed: readonly PrivateAddress[]): Promise<void>;
  logs(query: LogQuery): AsyncIterable<LogLine>;
  /** Writes a line of ours (`pushboat[api]`) into the environment's log. */
  writeLog(environment: EnvironmentName, source: string, text: string): void;
  /** Makes and mounts a volume that is a filesystem of its own, where it is not; throws on a host that cannot. */
  openVolume(volume: Pick<VolumeMount, "hostDirectory" | "limitBytes">): Promise<void>;
  /** Unmounts what is mounted at the directory or below; nobody uses it any more. */
  closeVolumes(directory: string): Promise<void>;
  /** Everything of an environment that is not a running instance: logs, idmapped layers, firewall marks. */
  removeEnvironment(environment: EnvironmentName, slot: number): Promise<void>;
  /** Stops every instance and removes every kernel object of this platform (`down`). */
  teardown(): Promise<void>;
  /** Ends timers and watchers; instances run on. */
  close(): Promise<void>;
}
