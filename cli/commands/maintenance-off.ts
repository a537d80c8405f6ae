/** maintenance:off: requests go to the instances again. */
import { type EnvironmentCommand, result } from "../command.ts";

export const maintenanceOff: EnvironmentCommand = {
  name: "maintenance:off",
  aliases: ["maintenance off"],
  summary: "Let visitors in again",
  target: "environment",
  words: [],
  examples: ["maintenance:off blog"],
  json: "{environment, maintenance}",
  prepare:
    ({ target }) =>
    async ({ control, actor, progress }) => {
      progress.begin(`Disabling maintenance mode for ${target.name}`);
      await control.maintenance(target, "off", actor);
      progress.done();
      return result({ environment: target.name, maintenance: false });
    },
};
