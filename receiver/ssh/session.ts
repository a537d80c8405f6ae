/** One SSH session: what the client asked for before (terminal, GIT_PROTOCOL), then exactly one command line. */
import type { ServerChannel, Session } from "ssh2";
import { asPushboatError, PushboatError, renderError, splitShellWords } from "../../core/index.ts";
import { parseGitRequest } from "../git/request.ts";
import { isProtocol } from "../git/service.ts";
import { createSignalBox, type SignalBox } from "../signals.ts";
import { createDoorTerminal, type DoorTerminal } from "../terminal.ts";
import { runCommand } from "./command.ts";
import { serveGit } from "./git.ts";
import { type ChannelOutput, createChannelOutput } from "./output.ts";
import type { SshContext } from "./server.ts";

/** Linux takes 128 KiB for one argument (MAX_ARG_STRLEN). */
const MAX_COMMAND_LINE_BYTES = 128 * 1024;

export interface OpenSession {
  readonly context: SshContext;
  readonly channel: ServerChannel;
  readonly output: ChannelOutput;
  readonly terminal: DoorTerminal | null;
  readonly signals: SignalBox;
  /** Aborted when the channel or its connection closes. */
  readonly gone: AbortSignal;
  readonly protocol: string | null;
}

export function serveSession(session: Session, context: SshContext): void {
  let terminal: DoorTerminal | null = null;
  let protocol: string | null = null;
  const signals = createSignalBox();

  session.on("env", (accept, reject, { key, val }) => {
    if (key !== "GIT_PROTOCOL" || !isProtocol(val)) return reject?.();
    protocol = val;
    accept?.();
  });
  session.on("pty", (accept, _reject, info) => {
    terminal = createDoorTerminal(info.term, info.cols, info.rows);
    accept?.();
  });
  session.on("window-change", (accept, _reject, { cols, rows }) => {
    terminal?.resize(cols, rows);
    accept?.();
  });
  session.on("signal", (accept, _reject, { name }) => {
    signals.raise(name);
    accept?.();
  });

  const begin = (channel: ServerChannel, commandLine: string): void => {
    const open = openSession({ context, channel, terminal, protocol, signals });
    runLine(open, commandLine).catch((error) => context.log.error({ err: error }, "a session failed"));
  };
  session.on("exec", (accept, _reject, { command }) => begin(accept(), command));
  session.on("shell", (accept) => begin(accept(), ""));
}

function openSession(parts: Omit<OpenSession, "output" | "gone">): OpenSession {
  const { channel } = parts;
  const gone = new AbortController();
  channel.on("error", () => {});
  channel.once("close", () => gone.abort(new Error("the client has gone")));
  return { ...parts, output: createChannelOutput(channel), gone: gone.signal };
}

async function runLine(session: OpenSession, commandLine: string): Promise<void> {
  const { output, context } = session;
  let exitCode: number;
  try {
    if (Buffer.byteLength(commandLine) > MAX_COMMAND_LINE_BYTES) throw TOO_LONG;
    const request = parseGitRequest(commandLine);
    exitCode = request === null ? await runCommand(session, splitShellWords(commandLine)) : await serveGit(session, request);
  } catch (thrown) {
    const error = asPushboatError(thrown);
    if (error.kind === "platform") context.log.error({ err: error }, "a session failed");
    const lineEnd = session.terminal === null ? "\n" : "\r\n";
    output.stderr.write(
      renderError(error)
        .map((line) => line + lineEnd)
        .join(""),
    );
    exitCode = error.code.startsWith("command/") ? 2 : 1;
  }
  await output.finish(exitCode);
}

const TOO_LONG = new PushboatError({
  code: "command/too-long",
  message: `The command line is longer than ${MAX_COMMAND_LINE_BYTES / 1024} kB`,
  hint: "Send long values on standard input, for example  config:import blog < .env",
});
