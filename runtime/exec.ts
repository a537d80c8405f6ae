/** A process beside an instance's own, in its namespaces, cgroup and seccomp profile, with the caller's streams and terminal. */
import type { Readable } from "node:stream";
import type { OneOffIo, ProcessDefinition } from "../core/index.ts";
import { commandLine } from "./command-line.ts";
import { type ContainerOrder, containerEnv } from "./container-spec.ts";
import type { Engine, ExecProcess } from "./engine/contract.ts";

export interface ExecOrder extends Pick<ContainerOrder, "workload" | "name" | "extraEnv"> {
  /** The container that it runs in. */
  readonly id: string;
  readonly definition: ProcessDefinition;
}

/** Resolves when it has started. */
export async function startAttached(
  engine: Engine,
  order: ExecOrder,
  io: OneOffIo,
): Promise<{ child: ExecProcess; outputs: Promise<unknown> }> {
  const { config } = order.workload.image;
  const child = await engine.exec({
    id: order.id,
    argv: commandLine(order.definition),
    env: { ...containerEnv(order), ...(io.terminal === null ? {} : { TERM: io.terminal.type }) },
    workingDirectory: config.workingDirectory,
    uid: config.uid,
    gid: config.gid,
    terminal: io.terminal === null ? null : { type: io.terminal.type, columns: io.terminal.columns, rows: io.terminal.rows },
  });
  io.terminal?.onResize(({ columns, rows }) => child.resize(columns, rows));
  io.onSignal((name) => child.signal(name));
  feed(child, io);
  return { child, outputs: Promise.all([carry(child.stdout, io.stdout), carry(child.stderr, io.stderr)]) };
}

/** What ignores HUP is killed. */
const HANG_UP_MS = 5_000;
/** What it left running may hold its streams open: they are not waited for longer. */
const OUTPUT_MS = 1_000;

/** Answers the exit code. What hangs up ends the process, not the instance. */
export async function execIn(engine: Engine, order: ExecOrder & { readonly signal: AbortSignal }, io: OneOffIo): Promise<number> {
  order.signal.throwIfAborted();
  const { child, outputs } = await startAttached(engine, order, io);
  let killing: NodeJS.Timeout | undefined;
  const hangUp = (): void => {
    child.signal("HUP");
    killing = setTimeout(() => child.signal("KILL"), HANG_UP_MS);
  };
  order.signal.addEventListener("abort", hangUp, { once: true });
  if (order.signal.aborted) hangUp();
  try {
    const exitCode = await child.exit;
    const patience = new Promise((resolve) => setTimeout(resolve, OUTPUT_MS).unref());
    await Promise.race([outputs, patience]);
    return exitCode;
  } finally {
    clearTimeout(killing);
    order.signal.removeEventListener("abort", hangUp);
  }
}

function feed(child: ExecProcess, io: OneOffIo): void {
  child.stdin.on("error", () => {}); // a command need not read its input
  if (io.stdin === null) child.stdin.end();
  else io.stdin.pipe(child.stdin);
}

/** Resolves when all was handed on; the target stays open. */
function carry(from: NodeJS.ReadableStream, to: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    from.once("end", resolve);
    from.once("error", () => resolve());
    (from as Readable).once("close", resolve);
    from.pipe(to, { end: false });
  });
}
