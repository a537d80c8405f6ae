/** network: the private addresses an environment may reach. */
import { type EnvironmentCommand, result } from "../command.ts";
import { heading } from "../table.ts";

export const network: EnvironmentCommand = {
  name: "network",
  aliases: ["network:list"],
  summary: "List the private addresses an environment may reach",
  target: "environment",
  words: [],
  examples: ["network blog"],
  json: "[{address, port}]",
  prepare:
    ({ target }) =>
    async ({ control, progress }) => {
      const all = (await control.allowedNetwork(target)).map(({ address, port }) => ({ address, port }));
      if (all.length === 0) progress.note(`${target.name} reaches public addresses only: network:allow ${target.name} 10.0.0.5:5432`);
      return result(
        all,
        all.length === 0 ? [] : [heading(`${target.name} Network`), ...all.map(({ address, port }) => `${address}:${port}`)],
      );
    },
};
