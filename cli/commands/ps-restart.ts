/** ps:restart: new instances of the same release; the old ones serve until the new ones are ready. */
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { outcomeText } from "../outcome.ts";

export const psRestart: EnvironmentCommand = {
  name: "ps:restart",
  aliases: ["restart"],
  summary: "Restart all instances without an interruption",
  target: "environment",
  words: [],
  examples: ["ps:restart blog"],
  json: OUTCOME_SHAPE,
  prepare:
    ({ target }) =>
    async ({ control, actor, progress }) => {
      progress.begin(`Restarting ${target.name}`);
      const outcome = await control.restart(target, actor);
      progress.done(outcomeText(outcome));
      return result(outcomeJson(outcome));
    },
};
