/** Runs one command of the host to its end and keeps what it printed. */
import { spawn } from "node:child_process";

export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment; default: the test's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string | Buffer;
  /** Killed with KILL after this; default two minutes, so that a test fails before its own limit and says which command hung. */
  readonly timeoutMs?: number;
  /** Every piece of output as it comes, for tests that look at liveness. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
}

export interface CommandResult {
  /** 128 + n for a death by signal n. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in the order in which they came. */
  readonly output: string;
  readonly durationMs: number;
}

const DEFAULT_TIMEOUT_MS = 120_000;
/** Signal numbers that tests meet (signal(7)). */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 };

export function run(argv: readonly [string, ...string[]], options: CommandOptions = {}): Promise<CommandResult> {
  const startedMs = performance.now();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { cwd: options.cwd, env: options.env ?? process.env, stdio: "pipe" });
    const seen = { stdout: "", stderr: "", output: "" };
    const keep = (stream: "stdout" | "stderr") => (text: string) => {
      seen[stream] += text;
      seen.output += text;
      options.onOutput?.(text, stream);
    };
    child.stdout.setEncoding("utf8").on("data", keep("stdout"));
    child.stderr.setEncoding("utf8").on("data", keep("stderr"));
    child.stdin.on("error", () => {}); // a command that ends without reading its input is no failure of the test
    child.stdin.end(options.stdin ?? "");
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${argv.join(" ")} did not end within ${timeoutMs} ms; it printed:\n${seen.output}`));
    }, timeoutMs);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (process.env["PUSHBOAT_TEST_TRACE"] !== undefined) process.stderr.write(`$ ${argv.join(" ")}\n${seen.output}`);
      resolve({ ...seen, code: code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0), durationMs: performance.now() - startedMs });
    });
  });
}

/** The same, for commands whose failure is a failure of the test's set-up. */
export async function mustRun(argv: readonly [string, ...string[]], options: CommandOptions = {}): Promise<CommandResult> {
  const result = await run(argv, options);
  if (result.code !== 0) throw new Error(`${argv.join(" ")} ended with ${result.code}:\n${result.output}`);
  return result;
}
