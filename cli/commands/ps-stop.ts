/** ps:stop: part of the formation rests, or a one-off ends. */
import { PushboatError, quote } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { outcomeText } from "../outcome.ts";

const NAME_PATTERN = /^[a-z0-9_-]{1,63}(\.\d{1,9})?$/;

export const psStop: EnvironmentCommand = {
  name: "ps:stop",
  summary: "Stop an environment, a process type, an instance or a one-off",
  details:
    "Requests in flight are drained first. What is stopped stays so until ps:start: over deploys, restarts of Pushboat and reboots. Where web is\n" +
    "stopped its URL answers 503 (H82). One-offs (run.17, cron.18) end.",
  target: "environment",
  words: [{ name: "NAME", description: "web, web.2, run.17; none: everything of the formation", required: false }],
  examples: ["ps:stop blog", "ps:stop blog worker", "ps:stop blog web.2", "ps:stop blog run.17"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words: [word] }) => {
    const name = parseStopName(word);
    return async ({ control, actor, progress }) => {
      progress.begin(`Stopping ${name === null ? target.name : `${name} of ${target.name}`}`);
      const outcome = await control.stop(target, name, actor);
      progress.done(outcome === null ? "done" : outcomeText(outcome));
      return result(outcome === null ? { release: null, deployment: null } : outcomeJson(outcome));
    };
  },
};

export function parseStopName(word: string | undefined): string | null {
  if (word === undefined || NAME_PATTERN.test(word)) return word ?? null;
  throw new PushboatError({
    code: "usage/process",
    message: `${quote(word)} is neither a process type nor an instance`,
    hint: "They are called web, web.1: see `ps`.",
  });
}
