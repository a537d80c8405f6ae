/** ps:start: what ps:stop stopped runs again. */
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { outcomeText } from "../outcome.ts";
import { parseStopName } from "./ps-stop.ts";

export const psStart: EnvironmentCommand = {
  name: "ps:start",
  summary: "Start what ps:stop stopped",
  details: "From the current release; answers when it is ready. Where it does not come up it stays stopped.",
  target: "environment",
  words: [{ name: "NAME", description: "web, web.2; none: everything", required: false }],
  examples: ["ps:start blog", "ps:start blog worker"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words: [word] }) => {
    const name = parseStopName(word);
    return async ({ control, actor, progress }) => {
      progress.begin(`Starting ${name === null ? target.name : `${name} of ${target.name}`}`);
      const outcome = await control.start(target, name, actor);
      progress.done(outcomeText(outcome));
      return result(outcomeJson(outcome));
    };
  },
};
