/** run: a command in a container of its own, from the current release, with the client's streams and terminal. */
import type { CommandRequest, OneOffIo, TerminalSize } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const run: EnvironmentCommand = {
  name: "run",
  summary: "Run a command in a container of its own, from the current release",
  details:
    "With the release's config, and with a terminal where the client has one (ssh -t). One word is run by the shell, so that\n" +
    "'npm test && ls' works; several are taken as they are. The exit code is the command's. Options of run stand before the app.",
  target: "environment",
  words: [{ name: "COMMAND", description: "the command and its arguments", required: true, many: true }],
  examples: ["run blog -- npm test", "run blog bash", "run -a blog@feature-x 'node seed.js | tee seed.log'"],
  json: null,
  ownsTerminal: true,
  prepare:
    ({ target, words }) =>
    async ({ control, actor, request }) =>
      result(undefined, [], await control.run(target, words, oneOffIo(request), actor)),
};

function oneOffIo({ stdin, stdout, stderr, terminal, onSignal }: CommandRequest): OneOffIo {
  const io = { stdin, stdout, stderr, onSignal };
  if (terminal === null) return { ...io, terminal: null };
  const onResize = (listener: (size: TerminalSize) => void) => terminal.onResize(listener);
  return { ...io, terminal: { type: terminal.type, ...terminal.size(), onResize } };
}
