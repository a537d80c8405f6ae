/** Running a build step in a container: the skill that the builder needs and the runtime has. */
import type { Layer } from "./image.ts";

export interface SandboxBind {
  /** Absolute host path. */
  readonly source: string;
  /** Absolute path inside. */
  readonly target: string;
  readonly readOnly: boolean;
  /**
   * false: owners on disk are the sandbox's own (shifted), so that what nests can use it as an overlay's upper. Such a directory
   * is a cache of the sandbox: whoever has it last may find it empty. Default: owners on disk are those inside.
   */
  readonly mapOwners?: false;
}

export interface SandboxSpec {
  /** For names and logs: `build-blog-42-deps`; [a-z0-9-]. */
  readonly name: string;
  /** Lowest first; the step sees their union and writes into `upperDirectory`. */
  readonly layers: readonly Layer[];
  /** An empty directory on the same filesystem as the layers; holds afterwards what the step wrote, with owners as inside. */
  readonly upperDirectory: string;
  readonly binds: readonly SandboxBind[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly uid: number;
  readonly gid: number;
  /** `registry`: egress to public addresses with the host's resolver and CA bundle; `none`: loopback only. */
  readonly network: "registry" | "none";
  /**
   * The step makes mounts and namespaces of its own (buildah): it may do that inside its user namespace, which has no rights over
   * the host. Everything else holds: network, limits, files.
   */
  readonly nests?: boolean;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly cpuShares: number;
  readonly timeoutMs: number;
  /** Whole lines, without the newline. */
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface SandboxResult {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  readonly timedOut: boolean;
}

export interface Sandbox {
  /** Runs one step to its end and removes every kernel object of it, also when it fails, times out or is aborted (then it throws the abort reason). */
  run(spec: SandboxSpec): Promise<SandboxResult>;
}
