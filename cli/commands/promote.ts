/** promote: the very same image into another environment, with that one's config. */
import { parseEnvironmentName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { outcomeText } from "../outcome.ts";

export const promote: EnvironmentCommand = {
  name: "promote",
  summary: "Release the image of one environment in another, with that one's config, without a build",
  target: "environment",
  words: [{ name: "TO", description: "the environment that gets the image", required: true, environment: true }],
  examples: ["promote blog@staging blog"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words }) => {
    const to = parseEnvironmentName(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Promoting ${target.name} to ${to.name}`);
      const outcome = await control.promote(target, to, actor);
      progress.done(outcomeText(outcome));
      return result(outcomeJson(outcome));
    };
  },
};
