/** A container that is our own child and does not outlive us: `runc run` with its output on pipes. For build steps. */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { RUNC } from "./runc.ts";

export interface AttachedInput {
  readonly id: string;
  readonly bundle: string;
  readonly runcRoot: string;
  readonly onOutput: (chunk: Buffer, stream: "stdout" | "stderr") => void;
}

export interface AttachedOutcome {
  readonly exitCode: number;
}

/** Pure. --keep: the cgroup stays until its memory kills were read. */
export function attachedArguments(input: Pick<AttachedInput, "id" | "bundle" | "runcRoot">): readonly string[] {
  return ["--root", input.runcRoot, "run", "--keep", "--bundle", input.bundle, "--pid-file", `${input.bundle}/init.pid`, input.id];
}

/** Resolves when the process is gone and all its output was handed on. */
export function runAttached(input: AttachedInput): Promise<AttachedOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(RUNC, [...attachedArguments(input)], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] ?? "" },
      detached: true,
    });
    const read = (from: Readable, stream: "stdout" | "stderr"): void => {
      from.on("data", (chunk: Buffer) => input.onOutput(chunk, stream));
    };
    read(child.stdout, "stdout");
    read(child.stderr, "stderr");
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 255 }));
  });
}
