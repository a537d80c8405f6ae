/** ps:scale: how many instances of each process type. */
import type { Formation } from "../../control/index.ts";
import { parseScaleChange } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { outcomeText } from "../outcome.ts";

export const psScale: EnvironmentCommand = {
  name: "ps:scale",
  aliases: ["scale"],
  summary: "Show or change how many instances of each process type run",
  target: "environment",
  words: [{ name: "TYPE=COUNT", description: "also TYPE+COUNT, TYPE-COUNT; none: show", required: false, many: true, pattern: /[=+-]\d/ }],
  examples: ["ps:scale blog", "ps:scale blog web=2 worker+1"],
  json: "[{type, quantity, command}]",
  prepare: ({ target, words }) => {
    const changes = words.map(parseScaleChange);
    return async ({ control, actor, progress }) => {
      if (changes.length > 0) {
        progress.begin(`Scaling ${words.join(" ")} on ${target.name}`);
        progress.done(outcomeText(await control.scale(target, changes, actor)));
      }
      const formation = await control.formation(target);
      if (formation.length === 0) progress.note(`Nothing is deployed on ${target.name} yet.`);
      return result(
        formation.map(formationJson),
        formation.length === 0 ? [] : [formation.map(({ type, quantity }) => `${type}=${quantity}`).join(" ")],
      );
    };
  },
};

function formationJson({ type, quantity, command }: Formation): unknown {
  return { type, quantity, command };
}
