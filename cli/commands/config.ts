/** config: all keys and values of an environment. */
import { formatShell } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { fields, heading } from "../table.ts";

export const config: EnvironmentCommand = {
  name: "config",
  aliases: ["config:show", "config:list"],
  summary: "Show the config of an environment",
  details: "With -s the output is a file for a shell and for config:import, which give back exactly these values.",
  target: "environment",
  words: [],
  options: [{ flags: "-s, --shell", description: "KEY='value' lines" }],
  examples: ["config blog", "config blog -s > blog.env", "config blog@feature-x --json"],
  json: "{KEY: value}",
  prepare: ({ target, flag }) => {
    const shell = flag("shell");
    return async ({ control, progress }) => {
      const all = await control.config(target);
      if (shell) return result(all, formatShell(all).split("\n").slice(0, -1));
      if (Object.keys(all).length === 0) {
        progress.note(`${target.name} has no config yet: config:set ${target.name} KEY=VALUE`);
        return result(all);
      }
      return result(all, [heading(`${target.name} Config Vars`), ...fields(all)]);
    };
  },
};
