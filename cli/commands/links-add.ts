/** links:add: one environment reaches another by name. */
import { parseEnvironmentName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const linksAdd: EnvironmentCommand = {
  name: "links:add",
  summary: "Let an environment find another by name and connect to it",
  details: "One way: instances and one-offs of the first reach those of the second as TYPE.APP.internal (TYPE.BRANCH.APP.internal).",
  target: "environment",
  words: [{ name: "TO", description: "the other: shop, shop@staging", required: true, environment: true }],
  examples: ["links:add blog shop"],
  json: "{from, to}",
  prepare: ({ target, words: [word = ""] }) => {
    const to = parseEnvironmentName(word);
    return async ({ control, actor, progress }) => {
      progress.begin(`Linking ${target.name} to ${to.name}`);
      await control.addLink(target, to, actor);
      progress.done();
      return result({ from: target.name, to: to.name });
    };
  },
};
