/** envs: the environments of an app: production and one for each branch that was pushed. */
import { duration } from "../../core/index.ts";
import { type AppCommand, result } from "../command.ts";
import { ENVIRONMENT_SHAPE, environmentJson } from "../json-forms.ts";
import { heading, table } from "../table.ts";
import { when } from "../when.ts";

export const envs: AppCommand = {
  name: "envs",
  aliases: ["envs:list"],
  summary: "List the environments of an app",
  target: "app",
  words: [],
  examples: ["envs blog"],
  json: `[${ENVIRONMENT_SHAPE}]`,
  prepare:
    ({ target }) =>
    async ({ control, nowMs }) => {
      const all = await control.environments(target);
      const rows = all.map(({ name, state, release, url, createdMs, expiresMs, reason }) => [
        name,
        state,
        release === null ? "-" : `v${release}`,
        url,
        when(createdMs, nowMs),
        reason ?? "",
        expiresMs === null ? "" : `ends in ${duration(Math.max(0, expiresMs - nowMs))}`,
      ]);
      return result(all.map(environmentJson), [heading(`${target} Environments`), ...table(rows)]);
    },
};
