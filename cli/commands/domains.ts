/** domains: the host names of an environment beside its own. */
import { type EnvironmentCommand, result } from "../command.ts";
import { heading } from "../table.ts";

export const domains: EnvironmentCommand = {
  name: "domains",
  aliases: ["domains:list"],
  summary: "List the domains of an environment",
  target: "environment",
  words: [],
  examples: ["domains blog"],
  json: "[host]",
  prepare:
    ({ target }) =>
    async ({ control, progress }) => {
      const all = await control.domains(target);
      if (all.length === 0) progress.note(`${target.name} has no domains of its own yet: domains:add ${target.name} www.example.com`);
      return result(all, all.length === 0 ? [] : [heading(`${target.name} Domains`), ...all]);
    },
};
