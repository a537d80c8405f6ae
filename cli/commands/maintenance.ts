/** maintenance: whether an environment answers with the maintenance page. */
import { type EnvironmentCommand, result } from "../command.ts";
import { findEnvironment } from "../find-environment.ts";

export const maintenance: EnvironmentCommand = {
  name: "maintenance",
  summary: "Show whether maintenance mode is on",
  target: "environment",
  words: [],
  examples: ["maintenance blog"],
  json: "{environment, maintenance}",
  prepare:
    ({ target }) =>
    async ({ control }) => {
      const { maintenance: on } = await findEnvironment(control, target);
      return result({ environment: target.name, maintenance: on }, [on ? "on" : "off"]);
    },
};
