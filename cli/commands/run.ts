/** run: a command in a container of its own, from the current release, with the client's streams and terminal, or detached. */
import { PushboatError } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { oneOffIo } from "../one-off-io.ts";
import { DAY_MS, parseSpanMs } from "../when.ts";

export const run: EnvironmentCommand = {
  name: "run",
  summary: "Run a command in a container of its own, from the current release",
  details:
    "With the release's config, and with a terminal where the client has one (ssh -t). One word is run by the shell, so that\n" +
    "'npm test && ls' works; several are taken as they are. The exit code is the command's. Options of run stand before the app.\n" +
    "Detached it goes on when you leave and when Pushboat is restarted: `ps` shows it, `logs -p run.17` its output, `run:history` its\n" +
    "end, and ps:stop ends it.",
  target: "environment",
  words: [{ name: "COMMAND", description: "the command and its arguments", required: true, many: true }],
  options: [
    { flags: "-d, --detach", description: "answer its name when it has started" },
    { flags: "--timeout SPAN", description: "with --detach: end it after 90s, 30m, 6h (default and most: 1d)" },
  ],
  examples: [
    "run blog -- npm test",
    "run blog bash",
    "run -a blog@feature-x 'node seed.js | tee seed.log'",
    "run --detach --timeout 2h blog -- npm run import",
  ],
  json: null,
  ownsTerminal: true,
  prepare: ({ target, words, flag, value }) => {
    const timeout = value("timeout");
    const timeLimitMs = timeout === null ? DAY_MS : parseTimeLimit(timeout);
    if (flag("detach"))
      return async ({ control, actor }) => {
        const started = await control.runDetached(target, words, timeLimitMs, actor);
        return result(undefined, [started.name]);
      };
    if (timeout !== null)
      throw new PushboatError({
        code: "usage/option",
        message: "--timeout is for a detached run",
        hint: `run --detach --timeout ${timeout} ...`,
      });
    return async ({ control, actor, request }) => result(undefined, [], await control.run(target, words, oneOffIo(request), actor));
  },
};

function parseTimeLimit(text: string): number {
  const limitMs = parseSpanMs(text);
  if (limitMs > 0 && limitMs <= DAY_MS) return limitMs;
  throw new PushboatError({ code: "usage/span", message: `--timeout is ${text}`, hint: "Give a span up to 1d: 90s, 30m, 6h." });
}
