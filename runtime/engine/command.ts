/** Runs a host tool to its end. Each tool has one file that calls this: nft.ts, ip.ts, runc.ts. */
import { spawn } from "node:child_process";
import { PushboatError } from "../../core/index.ts";

export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function runCommand(program: string, argv: readonly string[], input = ""): Promise<CommandOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...argv], { stdio: "pipe", env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" } });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => {
      output.stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output.stderr += chunk.toString();
    });
    child.stdin.on("error", () => {}); // a tool may end without reading it; its exit code tells
    child.on("error", (cause) => reject(toolMissing(program, cause)));
    child.on("close", (code) => resolve({ exitCode: code ?? 255, ...output }));
    child.stdin.end(input);
  });
}

/** Anything but exit 0 is our own fault and says what the tool said. */
export async function runCommandOrThrow(program: string, argv: readonly string[], input = ""): Promise<string> {
  const outcome = await runCommand(program, argv, input);
  if (outcome.exitCode === 0) return outcome.stdout;
  throw new PushboatError({
    code: "engine/tool",
    message: `${program} ${argv.slice(0, 2).join(" ")} ended with ${outcome.exitCode}: ${outcome.stderr.trim().slice(0, 1_000)}`,
    kind: "platform",
  });
}

function toolMissing(program: string, cause: Error): PushboatError {
  return new PushboatError({
    code: "engine/tool-missing",
    message: `${program} cannot be run: ${cause.message}`,
    hint: "Run `sudo ./pushboat up`: it installs the host tools that are missing.",
    kind: "platform",
    cause,
  });
}
