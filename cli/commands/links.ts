/** links: whom an environment reaches by name. */
import { type EnvironmentCommand, result } from "../command.ts";

export const links: EnvironmentCommand = {
  name: "links",
  summary: "Show which environments an environment reaches by name",
  target: "environment",
  words: [],
  examples: ["links blog"],
  json: "[]",
  prepare:
    ({ target }) =>
    async ({ control }) => {
      const linked = await control.links(target);
      return result(linked, linked);
    },
};
