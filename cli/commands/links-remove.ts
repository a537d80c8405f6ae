/** links:remove: one environment reaches another by name no more. */
import { parseEnvironmentName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const linksRemove: EnvironmentCommand = {
  name: "links:remove",
  summary: "Take a link away: names and connections are refused at once",
  target: "environment",
  words: [{ name: "TO", description: "the other: shop, shop@staging", required: true, environment: true }],
  examples: ["links:remove blog shop"],
  json: "{from, to}",
  prepare: ({ target, words: [word = ""] }) => {
    const to = parseEnvironmentName(word);
    return async ({ control, actor, progress }) => {
      progress.begin(`Unlinking ${target.name} from ${to.name}`);
      await control.removeLink(target, to, actor);
      progress.done();
      return result({ from: target.name, to: to.name });
    };
  },
};
