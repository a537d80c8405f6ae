/** ps:exec: a command inside a running instance. */
import { PushboatError, quote } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { oneOffIo } from "../one-off-io.ts";

export const INSTANCE_PATTERN = /^[a-z0-9_-]{1,63}\.\d{1,9}$/;

export const psExec: EnvironmentCommand = {
  name: "ps:exec",
  summary: "Run a command inside a running instance",
  details:
    "In its container, as its user, with its limits and its config, and with a terminal where the client has one (ssh -t). One word is run\n" +
    "by the shell. The exit code is the command's; what it changes is gone with the instance.",
  target: "environment",
  words: [
    { name: "INSTANCE", description: "as `ps` shows it: web.1", required: true, pattern: INSTANCE_PATTERN },
    { name: "COMMAND", description: "the command and its arguments", required: true, many: true },
  ],
  examples: ["ps:exec blog web.1 -- ps aux", "ps:exec blog web.1 bash"],
  json: null,
  ownsTerminal: true,
  prepare: ({ target, words: [instance = "", ...command] }) => {
    if (!INSTANCE_PATTERN.test(instance))
      throw new PushboatError({
        code: "usage/process",
        message: `${quote(instance)} is not an instance`,
        hint: "They are called web.1: see `ps`.",
      });
    return async ({ control, actor, request }) =>
      result(undefined, [], await control.exec(target, instance, command, oneOffIo(request), actor));
  },
};
