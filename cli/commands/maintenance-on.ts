/** maintenance:on: visitors get the maintenance page (H80) while instances run on. */
import { type EnvironmentCommand, result } from "../command.ts";

export const maintenanceOn: EnvironmentCommand = {
  name: "maintenance:on",
  aliases: ["maintenance on"],
  summary: "Show visitors the maintenance page; instances run on",
  target: "environment",
  words: [],
  options: [{ flags: "--hold", description: "let requests wait instead, as long as a boot may take; then they fail (H20)" }],
  examples: ["maintenance:on blog", "maintenance:on blog --hold"],
  json: "{environment, maintenance}",
  prepare:
    ({ target, flag }) =>
    async ({ control, actor, progress }) => {
      progress.begin(`Enabling maintenance mode for ${target.name}`);
      await control.maintenance(target, flag("hold") ? "hold" : "on", actor);
      progress.done();
      return result({ environment: target.name, maintenance: true });
    },
};
