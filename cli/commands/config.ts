/** config: all keys and values of an environment. */
import { formatShell, type SourcedValue } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { fields, heading, table } from "../table.ts";

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
      const all = target.branch === null ? await control.config(target) : valuesOf(await control.configSources(target));
      if (shell) return result(all, formatShell(all).split("\n").slice(0, -1));
      if (Object.keys(all).length === 0) {
        progress.note(`${target.name} has no config yet: config:set ${target.name} KEY=VALUE`);
        return result(all);
      }
      if (target.branch === null) return result(all, [heading(`${target.name} Config Vars`), ...fields(all)]);
      return result(all, [heading(`${target.name} Config Vars`), ...table(rows(await control.configSources(target)))]);
    };
  },
};

/** Where the values of a branch come from, in words. */
const SOURCES: Readonly<Record<SourcedValue["source"], string>> = {
  manifest: "app.json or pushboat.yml",
  generated: "generated",
  shared: "shared by production",
  own: "set here",
};

function rows(sourced: Readonly<Record<string, SourcedValue>>): readonly (readonly string[])[] {
  return Object.entries(sourced).map(([key, { value, source }]) => [`${key}:`, value, `(${SOURCES[source]})`]);
}

function valuesOf(sourced: Readonly<Record<string, SourcedValue>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(sourced).map(([key, { value }]) => [key, value]));
}
