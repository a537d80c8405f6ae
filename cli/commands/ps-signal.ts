/** ps:signal: a signal to the processes of one running instance. */
import { INSTANCE_SIGNALS, PushboatError, quote } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { INSTANCE_PATTERN } from "./ps-exec.ts";

export const psSignal: EnvironmentCommand = {
  name: "ps:signal",
  summary: "Send a signal to the processes of an instance",
  details: "An instance that ends of it has crashed, and is started again by the restart policy.",
  target: "environment",
  words: [
    { name: "INSTANCE", description: "as `ps` shows it: web.1", required: true, pattern: INSTANCE_PATTERN },
    { name: "SIGNAL", description: INSTANCE_SIGNALS.join(", "), required: true },
  ],
  examples: ["ps:signal blog web.1 HUP"],
  json: "{instance, signal}",
  prepare: ({ target, words: [instance = "", word = ""] }) => {
    const signal = INSTANCE_SIGNALS.find((name) => name === word.toUpperCase().replace(/^SIG/, ""));
    if (signal === undefined) {
      throw new PushboatError({
        code: "usage/signal",
        message: `${quote(word)} is not a signal that can be sent`,
        hint: `There are: ${INSTANCE_SIGNALS.join(", ")}`,
      });
    }
    return async ({ control, actor, progress }) => {
      await control.signal(target, instance, signal, actor);
      progress.note(`Sent SIG${signal} to ${instance} of ${target.name}.`);
      return result({ instance, signal });
    };
  },
};
