/** maintenance:on: visitors get the maintenance page (H80) while instances run on. */
import { type EnvironmentCommand, result } from "../command.ts";

export const maintenanceOn: EnvironmentCommand = {
  name: "maintenance:on",
  aliases: ["maintenance on"],
  summary: "Show visitors the maintenance page; instances run on",
  target: "environment",
  words: [],
  examples: ["maintenance:on blog"],
  json: "{environment, maintenance}",
  prepare:
    ({ target }) =>
    async ({ control, actor, progress }) => {
      progress.begin(`Enabling maintenance mode for ${target.name}`);
      await control.maintenance(target, true, actor);
      progress.done();
      return result({ environment: target.name, maintenance: true });
    },
};
