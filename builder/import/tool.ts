/** Runs a script in a sandbox as root of its user namespace: where buildah, skopeo and tar work. */
import type { Layer, Sandbox, SandboxBind, SandboxResult } from "../../core/index.ts";
import { STEP_LIMITS, type StepLimits } from "../step.ts";

export interface ToolRun {
  readonly sandbox: Sandbox;
  /** For kernel objects: [a-z0-9-]. */
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly upperDirectory: string;
  readonly binds: readonly SandboxBind[];
  /** For /bin/sh -e; values go in by `env`, never into the text. */
  readonly script: string;
  /** $1, $2, ... of the script. */
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly network: "registry" | "none";
  readonly nests: boolean;
  readonly onLine?: (line: string) => void;
  readonly signal: AbortSignal;
  readonly limits?: StepLimits;
}

export interface ToolOutcome extends SandboxResult {
  readonly lastLines: readonly string[];
}

/** Half of an app's: a busy build gives way to what serves. */
const CPU_SHARES = 512;
const LAST_LINES = 25;

export async function runTool(run: ToolRun): Promise<ToolOutcome> {
  const lastLines: string[] = [];
  const { memoryBytes, pids, timeoutMs } = run.limits ?? STEP_LIMITS;
  const result = await run.sandbox.run({
    name: run.name,
    layers: run.layers,
    upperDirectory: run.upperDirectory,
    binds: run.binds,
    argv: ["/bin/sh", "-ec", run.script, "sh", ...(run.args ?? [])],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LANG: "C.UTF-8", ...run.env },
    workingDirectory: "/",
    uid: 0,
    gid: 0,
    network: run.network,
    nests: run.nests,
    memoryBytes,
    pids,
    cpuShares: CPU_SHARES,
    timeoutMs,
    onLine: (line) => {
      lastLines.push(line);
      if (lastLines.length > LAST_LINES) lastLines.shift();
      run.onLine?.(line);
    },
    signal: run.signal,
  });
  return { ...result, lastLines };
}
