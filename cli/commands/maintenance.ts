/** maintenance: whether an environment answers with the maintenance page. */
import { PushboatError } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

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
      const environment = (await control.environments(target.app)).find(({ name }) => name === target.name);
      if (environment === undefined) {
        throw new PushboatError({
          code: "environment/unknown",
          message: `There is no environment ${target.name}`,
          hint: `\`envs ${target.app}\` lists what there is.`,
        });
      }
      return result({ environment: target.name, maintenance: environment.maintenance }, [environment.maintenance ? "on" : "off"]);
    },
};
