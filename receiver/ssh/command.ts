/** A command over SSH: the channel's streams, the terminal and signals as the command handler wants them. */
import { PassThrough } from "node:stream";
import type { OpenSession } from "./session.ts";

export async function runCommand(
  { context, channel, output, terminal, signals, gone }: OpenSession,
  argv: readonly string[],
): Promise<number> {
  // Not the channel itself: a handler that destroys its stdin must not close the client's stdout.
  const stdin = new PassThrough();
  channel.pipe(stdin);
  gone.addEventListener("abort", () => stdin.end());
  return context.commands({
    argv,
    identity: context.identity,
    stdin,
    stdout: output.stdout,
    stderr: output.stderr,
    terminal: terminal?.terminal ?? null,
    disconnected: gone,
    onSignal: signals.onSignal,
  });
}
