/** The only file that spawns conmon: one monitor for each container, which outlives us and keeps its log and its exit code. */
import { spawn } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { PushboatError } from "../../../core/index.ts";
import type { Paths } from "../paths.ts";
import { RUNC } from "./runc.ts";

export interface ConmonInput {
  readonly id: string;
  readonly bundle: string;
  /** null: the container writes to the given descriptors itself. */
  readonly logFile: string | null;
  readonly output: { readonly stdout: number; readonly stderr: number } | null;
  /** conmon starts at once and waits for this before it looks at the bundle; a rejection ends it. */
  readonly ready: Promise<void>;
}

/** Four times what the supervisor rotates at: only a stop for when nobody rotates, since conmon then throws the log away. */
const MAX_LOG_BYTES = 40 * 1024 * 1024;
/** conmon's message for runc's own error is cut at this. */
const MAX_MESSAGE_LENGTH = 2_000;

/** Pure: conmon's arguments. */
export function conmonArguments(input: Omit<ConmonInput, "ready" | "output">, paths: Paths): readonly string[] {
  const { id, bundle } = input;
  return [
    ...["--api-version", "1", "-c", id, "-u", id, "-n", id],
    ...["-r", RUNC, "--runtime-arg", "--root", "--runtime-arg", paths.runcRoot],
    ...["-b", bundle, "-p", `${bundle}/init.pid`, "-P", `${bundle}/conmon.pid`],
    ...["--exit-dir", paths.exits, "--persist-dir", `${paths.persist}/${id}`, "--full-attach"],
    ...(input.logFile === null ? ["-l", "passthrough"] : ["-l", `k8s-file:${input.logFile}`, "--log-size-max", String(MAX_LOG_BYTES)]),
    ...["--log-level", "warning", "--no-sync-log"],
  ];
}

/** Creates the container (not started yet) under a monitor of its own; answers the process id of its init. */
export async function createMonitored(input: ConmonInput, paths: Paths): Promise<number> {
  const complaints = openSync(`${input.bundle}/conmon.log`, "a", 0o600);
  const child = spawn("conmon", [...conmonArguments(input, paths)], {
    stdio: ["ignore", input.output?.stdout ?? "ignore", input.output?.stderr ?? complaints, "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", _OCI_SYNCPIPE: "3", _OCI_STARTPIPE: "4" },
    cwd: input.bundle,
    detached: true,
  });
  closeSync(complaints);
  const [, , , sync, start] = child.stdio as unknown as [null, null, null, Readable, Writable];
  start.on("error", () => {}); // its early end shows on the sync pipe
  const text = await new Promise<string>((resolve, reject) => {
    input.ready.then(
      () => start.end("\n"),
      (error: unknown) => {
        child.kill("SIGKILL");
        start.destroy();
        reject(error);
      },
    );
    let received = "";
    sync.on("data", (chunk: Buffer) => {
      received += chunk.toString();
      if (received.includes("\n")) resolve(received);
    });
    sync.on("close", () => resolve(received));
    child.on("error", reject);
  });
  sync.destroy();
  child.unref();
  return initPidIn(text);
}

/** Pure: conmon's answer on the sync pipe. */
export function initPidIn(text: string): number {
  const answer = text.trim() === "" ? {} : (JSON.parse(text) as { pid?: number; data?: number; message?: string });
  const pid = answer.pid ?? answer.data ?? -1;
  if (pid > 0) return pid;
  throw new PushboatError({
    code: "engine/create",
    message: `runc could not create the container: ${(answer.message ?? "conmon ended without a word").trim().slice(0, MAX_MESSAGE_LENGTH)}`,
    kind: "platform",
  });
}

/** conmon's control pipe: message 2 is "reopen the log". Does nothing where conmon is gone. */
export function askToReopenLog(bundle: string): void {
  let pipe: number;
  try {
    pipe = openSync(`${bundle}/ctl`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return;
  }
  try {
    writeSync(pipe, "2 0 0\n");
  } finally {
    closeSync(pipe);
  }
}
