/** Runs a tool of the host to its end and answers what it wrote; lines can be watched while it runs. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface HostCommand {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Of the output; latin1 keeps every byte. */
  readonly encoding?: "utf8" | "latin1";
  readonly onErrorLine?: (line: string) => void;
  readonly timeoutMs: number;
}

export interface HostResult {
  readonly stdout: string;
  /** The last lines of the error output. */
  readonly complaint: string;
}

const COMPLAINT_LINES = 15;

/** Rejects with the last lines of the error output when the tool fails. */
export function runOnHost(command: HostCommand): Promise<HostResult> {
  const [program, ...rest] = command.argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      cwd: command.cwd ?? "/",
      env: { ...process.env, ...command.env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: command.timeoutMs,
    });
    const complaint: string[] = [];
    let stdout = "";
    child.stdout.setEncoding(command.encoding ?? "utf8").on("data", (text: string) => {
      stdout += text;
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      complaint.push(line);
      if (complaint.length > COMPLAINT_LINES) complaint.shift();
      command.onErrorLine?.(line);
    });
    child.on("error", (error) => reject(new Error(`${program}: ${error.message}`)));
    child.on("close", (code, signal) => {
      const text = complaint.join("\n");
      if (code === 0) resolve({ stdout, complaint: text });
      else reject(new Error(`${program} ended with ${code ?? signal}: ${text || "no output"}`));
    });
  });
}
