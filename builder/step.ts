/** One build step in a sandbox: its limits, its environment, and what its end means. */
import { readdir, rm } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import {
  APP_GID,
  APP_HOME,
  APP_UID,
  type EventSink,
  type Layer,
  PushboatError,
  type Sandbox,
  type SandboxBind,
  type SandboxResult,
} from "../core/index.ts";
import { adviceFor } from "./advice.ts";
import { unreachableFor } from "./network-failure.ts";

export interface StepRun {
  readonly sandbox: Sandbox;
  /** For kernel objects: [a-z0-9-]. */
  readonly name: string;
  /** For the reader: `npm ci`. */
  readonly title: string;
  readonly layers: readonly Layer[];
  readonly upperDirectory: string;
  readonly binds: readonly SandboxBind[];
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: "app" | "root";
  readonly limits: StepLimits;
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

export interface StepLimits {
  readonly memoryBytes: number;
  readonly pids: number;
  readonly timeoutMs: number;
  /** Before each further try of a step that could not reach its registry. */
  readonly retryDelaysMs: readonly number[];
}

/** Half of the host: a build must not take the running apps down. */
export const STEP_LIMITS: StepLimits = {
  memoryBytes: Math.floor(totalmem() / 2),
  pids: 1024,
  timeoutMs: 15 * 60_000,
  retryDelaysMs: [2_000, 10_000],
};

/** Half of an app's: a busy build gives way to what serves. */
const CPU_SHARES = 512;
const LAST_LINES = 12;
/** Looked at for what went wrong: a cause may stand above a longer summary. */
const REMEMBERED_LINES = 60;

/** Where the sandbox mounts the host's CA bundle for network `registry` (over the base's own file, read-only, never in a layer). */
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const CA_VARIABLES = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "npm_config_cafile",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "PIP_CERT",
  "REQUESTS_CA_BUNDLE",
  "CARGO_HTTP_CAINFO",
];

const HOME = "/tmp/home";

export async function runStep({ user, ...run }: StepRun): Promise<void> {
  const place = user === "app" ? { workingDirectory: APP_HOME, uid: APP_UID, gid: APP_GID } : { workingDirectory: "/", uid: 0, gid: 0 };
  for (const delayMs of [...run.limits.retryDelaysMs, null]) {
    const { result, lastLines } = await runCommand({ ...run, place });
    const failure = stepFailure(run.title, result, lastLines, run.limits);
    if (failure === null) return;
    if (failure.code !== "build/registry" || delayMs === null) throw failure;
    run.onEvent({ kind: "warning", text: `${failure.message}; it is tried again in ${delayMs / 1000} s` });
    for (const name of await readdir(run.upperDirectory)) await rm(join(run.upperDirectory, name), { recursive: true, force: true });
    await setTimeout(delayMs, undefined, { signal: run.signal });
  }
}

export interface CommandRun extends Omit<StepRun, "user"> {
  readonly place: { readonly workingDirectory: string; readonly uid: number; readonly gid: number };
}

/** Its output goes to the pusher as it comes; the last lines are kept for whoever explains a failure. */
export async function runCommand({ limits, place, ...run }: CommandRun): Promise<{ result: SandboxResult; lastLines: readonly string[] }> {
  const lastLines: string[] = [];
  const result = await run.sandbox.run({
    name: run.name,
    layers: run.layers,
    upperDirectory: run.upperDirectory,
    binds: run.binds,
    argv: ["/bin/sh", "-c", `mkdir -p "$HOME" && { ${run.command}\n}`],
    env: { ...stepEnv(), ...run.env },
    workingDirectory: place.workingDirectory,
    uid: place.uid,
    gid: place.gid,
    network: "registry",
    memoryBytes: limits.memoryBytes,
    pids: limits.pids,
    cpuShares: CPU_SHARES,
    timeoutMs: limits.timeoutMs,
    onLine: (text) => {
      lastLines.push(text);
      if (lastLines.length > REMEMBERED_LINES) lastLines.shift();
      run.onEvent({ kind: "output", source: run.title, text });
    },
    signal: run.signal,
  });
  return { result, lastLines };
}

function stepEnv(): Readonly<Record<string, string>> {
  return {
    PATH: "/app/node_modules/.bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin",
    HOME,
    CI: "true",
    LANG: "C.UTF-8",
    // A push is read through pipes and kept in logs.
    NO_COLOR: "1",
    ...Object.fromEntries(CA_VARIABLES.map((name) => [name, CA_BUNDLE])),
  };
}

/** null: it went well. Pure. */
export function stepFailure(
  title: string,
  result: SandboxResult,
  lastLines: readonly string[],
  limits: Pick<StepLimits, "memoryBytes" | "timeoutMs">,
): PushboatError | null {
  if (result.exitCode === 0 && !result.timedOut && !result.outOfMemory) return null;
  const mb = Math.round(limits.memoryBytes / 1024 / 1024);
  if (result.outOfMemory) {
    return new PushboatError({
      code: "build/out-of-memory",
      message: `${title} used more than the ${mb} MB a build may have, and was stopped`,
      hint: withOutput("Make the build smaller, or give the machine more memory (a build gets half of it).", lastLines),
    });
  }
  if (result.timedOut) {
    return new PushboatError({
      code: "build/timed-out",
      message: `${title} was not done after ${Math.round(limits.timeoutMs / 60_000)} minutes, and was stopped`,
      hint: withOutput("Look for a command that waits for input or never ends (a watcher, a server).", lastLines),
    });
  }
  const tool = unreachableFor(lastLines);
  if (tool !== null) {
    return new PushboatError({
      code: "build/registry",
      message: `${title} could not reach where ${tool} gets its packages from`,
      hint: withOutput(
        "Nothing is wrong with the app as far as one can see: push again later. `sudo ./pushboat doctor` tests the machine's own connection.",
        lastLines,
      ),
      kind: "transient",
    });
  }
  const advice = adviceFor(lastLines);
  return new PushboatError({
    code: "build/step-failed",
    message: `${title} ended with exit code ${result.exitCode}`,
    hint: withOutput(advice.text, advice.lines ?? lastLines),
  });
}

export function withOutput(advice: string, lastLines: readonly string[]): string {
  return lastLines.length === 0
    ? advice
    : [advice, "The last lines were:", ...lastLines.slice(-LAST_LINES).map((line) => `  ${line}`)].join("\n");
}
