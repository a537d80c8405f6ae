/** registry: where an app is logged in. */
import { type AppCommand, result } from "../command.ts";

export const registry: AppCommand = {
  name: "registry",
  summary: "List the registries that an app is logged in to",
  target: "app",
  words: [],
  examples: ["registry blog"],
  json: "[{host, user}]",
  prepare:
    ({ target }) =>
    async ({ control }) => {
      const logins = await control.registries(target);
      return result(
        logins,
        logins.map(({ host, user }) => `${host} ${user}`),
      );
    },
};
