/** One call of a command as a client makes it, on streams in memory. */
import { PassThrough } from "node:stream";
import { createCommands } from "../../../cli/index.ts";
import type { Control } from "../../../control/index.ts";
import { type Identity, parseSettings, type TerminalSize } from "../../../core/index.ts";
import { type Asked, NOW_MS, recordingControl } from "./recording-control.ts";

export interface CallOptions {
  readonly stdin?: string;
  /** A client with a terminal. It is in raw mode, so stdin is every key that is pressed. */
  readonly terminal?: boolean;
  /** Default: where there is no terminal. */
  readonly stdinEnds?: boolean;
  readonly via?: Identity["via"];
  readonly control?: Partial<Control>;
  /** Limits of the key. */
  readonly rights?: Partial<Pick<Identity, "role" | "app" | "branches">>;
}

export interface Answered {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly asked: readonly Asked[];
}

export interface Calling {
  readonly answered: Promise<Answered>;
  readonly stdin: PassThrough;
  readonly stderr: () => string;
  disconnect(): void;
  signal(name: string): void;
  resize(size: TerminalSize): void;
}

export async function call(argv: readonly string[], options: CallOptions = {}): Promise<Answered> {
  const calling = begin(argv, options);
  if (options.stdin !== undefined) calling.stdin.write(options.stdin);
  if (options.stdinEnds ?? options.terminal !== true) calling.stdin.end();
  return calling.answered;
}

/** For tests that do something while the command works. */
export function begin(
  argv: readonly string[],
  { terminal = false, via = "ssh", control: overrides = {}, rights = {} }: CallOptions = {},
): Calling {
  const { control, asked } = recordingControl(overrides);
  const handler = createCommands({ control, settings: parseSettings({}), clock: () => NOW_MS });
  const stdin = new PassThrough();
  const [stdout, stdoutText] = collector();
  const [stderr, stderrText] = collector();
  const gone = new AbortController();
  const signalListeners: ((name: string) => void)[] = [];
  const resizeListeners: ((size: TerminalSize) => void)[] = [];
  const answered = handler({
    argv,
    identity: { name: "alice", via, role: "admin", from: "198.51.100.7", ...rights },
    stdin,
    stdout,
    stderr,
    terminal: terminal
      ? {
          type: "xterm-256color",
          size: () => ({ columns: 80, rows: 24 }),
          onResize: (listener) => void resizeListeners.push(listener),
        }
      : null,
    disconnected: gone.signal,
    onSignal: (listener) => signalListeners.push(listener),
  }).then((exitCode) => ({ exitCode, stdout: stdoutText(), stderr: stderrText(), asked }));
  return {
    answered,
    stdin,
    stderr: stderrText,
    disconnect: () => gone.abort(),
    signal: (name) => signalListeners.forEach((listener) => void listener(name)),
    resize: (size) => resizeListeners.forEach((listener) => void listener(size)),
  };
}

function collector(): readonly [PassThrough, () => string] {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return [stream, () => Buffer.concat(chunks).toString("utf8")];
}
