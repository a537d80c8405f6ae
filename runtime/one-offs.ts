/** Containers for one command: release commands and `run`. They are not instances; they end with their command. */
import type { EnvironmentName, OneOffIo, OneOffResult, OneOffSpec } from "../core/index.ts";
import { newContainerId } from "./container-id.ts";
import { type ContainerOrder, containerSpec } from "./container-spec.ts";
import type { ContainerExit, Engine } from "./engine/contract.ts";
import { startAttached } from "./exec.ts";
import { oneOffLabels } from "./instance-labels.ts";
import type { Logs } from "./logs/index.ts";

export interface OneOffsParts {
  readonly engine: Engine;
  readonly logs: Logs;
  readonly now: () => number;
  /** It has an address from here on. */
  readonly onStart: (environment: EnvironmentName) => void;
}

interface Addressed {
  readonly ip: string;
  readonly environment: EnvironmentName;
}

export interface OneOffs {
  run(spec: OneOffSpec, io: OneOffIo): Promise<OneOffResult>;
  running(): readonly AttachedOneOff[];
  addresses(): readonly Addressed[];
  /** Kills it and waits until it is removed. False: there is none of this name. */
  end(environment: EnvironmentName, name: string): Promise<boolean>;
  /** Kills those of an environment, or all, and waits until they are removed. */
  endAll(environment?: EnvironmentName): Promise<void>;
}

export interface AttachedOneOff {
  readonly environment: EnvironmentName;
  readonly name: string;
  readonly release: number;
  readonly sinceMs: number;
  readonly cancel: AbortController;
  readonly over: Promise<unknown>;
}

/** What holds the container while its command runs beside it (exec has stdin and a terminal, a container's init has not). */
const IDLE = { form: "exec", command: ["/bin/sleep", "infinity"] } as const;

export function createOneOffs(parts: OneOffsParts): OneOffs {
  const running = new Set<AttachedOneOff>();
  const addresses = new Set<Addressed>();
  const end = async (ending: readonly AttachedOneOff[]): Promise<void> => {
    for (const one of ending) one.cancel.abort(new Error("ended by the platform"));
    await Promise.all(ending.map((one) => one.over));
  };
  return {
    run: async (spec, io) => {
      const cancel = new AbortController();
      const signal = AbortSignal.any([spec.signal, cancel.signal]);
      const result = runOneOff({ ...parts, addresses }, { ...spec, signal }, io);
      const { environment, release } = spec.workload;
      const entry = { environment, name: spec.name, release, sinceMs: parts.now(), cancel, over: result.catch(() => {}) };
      running.add(entry);
      return await result.finally(() => running.delete(entry));
    },
    running: () => [...running],
    addresses: () => [...addresses],
    end: async (environment, name) => {
      const ending = [...running].filter((one) => one.environment === environment && one.name === name);
      await end(ending);
      return ending.length > 0;
    },
    endAll: (environment) => end([...running].filter((one) => environment === undefined || one.environment === environment)),
  };
}

/** Without input and terminal the command is the container's own process, and its output goes into the log. */
async function runOneOff(
  parts: OneOffsParts & { readonly addresses: Set<Addressed> },
  spec: OneOffSpec,
  io: OneOffIo,
): Promise<OneOffResult> {
  const { engine, logs } = parts;
  const { signal, workload } = spec;
  signal.throwIfAborted();
  const id = newContainerId(workload.environment, spec.name);
  const order: ContainerOrder = {
    id,
    workload,
    name: spec.name,
    definition: spec.definition,
    size: spec.size,
    logFile: logs.instanceFile(workload.environment, spec.name, id),
    labels: oneOffLabels(workload.environment, spec.name),
    extraEnv: spec.extraEnv,
  };
  const attached = io.stdin !== null || io.terminal !== null;
  let address: Addressed | null = null;
  const kill = (): void => void engine.kill(id, "KILL").catch(() => {});
  try {
    const { ip } = await engine.start(containerSpec(attached ? { ...order, definition: IDLE } : order));
    if (ip !== null) address = { ip, environment: workload.environment };
    if (address !== null) parts.addresses.add(address);
    parts.onStart(workload.environment);
    signal.addEventListener("abort", kill, { once: true });
    if (signal.aborted) kill();
    const result = attached ? await runAttached(parts, order, io) : await runLogged(parts, order, io);
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener("abort", kill);
    if (address !== null) parts.addresses.delete(address);
    await engine.kill(id, "KILL");
    await engine.remove(id);
    logs.ended(order.logFile);
    if (attached) logs.discard(order.logFile);
  }
}

/** Streams the log file: the same lines, in the same order, as `logs` shows later. */
async function runLogged({ engine, logs }: OneOffsParts, order: ContainerOrder, io: OneOffIo): Promise<OneOffResult> {
  io.onSignal((name) => void engine.kill(order.id, containerSignal(name)).catch(() => {}));
  const exit = engine.wait(order.id, new AbortController().signal);
  await logs.stream(order.logFile, (line) => (line.stream === "stderr" ? io.stderr : io.stdout).write(`${line.text}\n`), exit);
  const { exitCode, outOfMemory } = await exit;
  return { exitCode, outOfMemory };
}

/** The command runs beside an idle init; exit code, streams, size and signals are its own. */
async function runAttached({ engine }: OneOffsParts, order: ContainerOrder, io: OneOffIo): Promise<OneOffResult> {
  const { child, outputs } = await startAttached(engine, order, io);
  const exitCode = await child.exit;
  const exit = await endIdle(engine, order.id);
  await outputs;
  return { exitCode, outOfMemory: exit.outOfMemory };
}

/** Ends what the command left behind, which holds its streams open; the monitor knows of an out-of-memory kill. */
async function endIdle(engine: Engine, id: string): Promise<ContainerExit> {
  await engine.kill(id, "KILL");
  return await engine.wait(id, new AbortController().signal);
}

/** Those a container's init passes on to its command. */
function containerSignal(name: string): "TERM" | "KILL" | "INT" | "HUP" {
  return name === "KILL" || name === "INT" || name === "HUP" ? name : "TERM";
}
