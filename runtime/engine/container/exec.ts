/** Another process in a running container: `runc exec` with pipes, or under a pseudo-terminal (pty.pl). */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { PassThrough, type Readable, type Writable } from "node:stream";
import type { ExecProcess, ExecSpec } from "../contract.ts";
import { readText, sendSignal } from "../kernel/process.ts";
import { execProcess, type HostLimits } from "./oci-config.ts";
import { RUNC } from "./runc.ts";

export interface ExecInput {
  readonly spec: ExecSpec;
  readonly host: HostLimits;
  readonly runcRoot: string;
  /** For process.json and the process id. */
  readonly directory: string;
  /** Unique within the container. */
  readonly name: string;
}

const PTY = new URL("../kernel/pty.pl", import.meta.url).pathname;

/** Pure: the arguments of runc. */
export function execArguments(input: Pick<ExecInput, "spec" | "runcRoot" | "directory" | "name">): readonly string[] {
  const { spec, runcRoot, directory, name } = input;
  const file = `${directory}/${name}`;
  return [
    "--root",
    runcRoot,
    "exec",
    ...(spec.terminal === null ? [] : ["--tty"]),
    "--process",
    `${file}.json`,
    "--pid-file",
    `${file}.pid`,
    spec.id,
  ];
}

export function startExec(input: ExecInput): ExecProcess {
  const { spec } = input;
  const file = `${input.directory}/${input.name}`;
  const withTerm = spec.terminal === null ? spec : { ...spec, env: { ...spec.env, TERM: spec.terminal.type } };
  writeFileSync(`${file}.json`, JSON.stringify(execProcess(withTerm, input.host)), { mode: 0o600 });
  const child = spawnExec(spec, execArguments(input));
  const [stdin, stdout, stderr, sizes] = child.stdio as unknown as [Writable, Readable, Readable, Writable | undefined];
  for (const stream of [stdin, sizes]) stream?.on("error", () => {}); // it ended first: its exit code tells
  const exit = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const ending of ["json", "pid"]) rmSync(`${file}.${ending}`, { force: true });
      resolve(code ?? (signal === "SIGKILL" ? 137 : 255));
    });
  });
  return {
    stdin,
    stdout,
    stderr: spec.terminal === null ? stderr : emptyStream(stderr),
    exit,
    signal: (name) => deliver(child, `${file}.pid`, `SIG${name}` as NodeJS.Signals),
    resize: (columns, rows) => void sizes?.write(`${columns} ${rows}\n`),
  };
}

function spawnExec(spec: ExecSpec, argv: readonly string[]): ChildProcess {
  const env = { PATH: process.env["PATH"] ?? "" };
  if (spec.terminal === null) return spawn(RUNC, [...argv], { stdio: ["pipe", "pipe", "pipe"], env, detached: true });
  const { columns, rows } = spec.terminal;
  return spawn("perl", [PTY, String(columns), String(rows), RUNC, ...argv], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    env,
    detached: true,
  });
}

/** Straight to the process inside, since KILL cannot be passed on by runc; before it is there, to runc. */
function deliver(child: ChildProcess, pidFile: string, signal: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const pid = Number(readText(pidFile) ?? 0);
  if (pid > 0) sendSignal(pid, signal);
  else child.kill(signal);
}

/** What runc says on its own standard error under a terminal is drained, so that it never blocks. */
function emptyStream(drained: Readable): Readable {
  drained.resume();
  const empty = new PassThrough();
  empty.end();
  return empty;
}
