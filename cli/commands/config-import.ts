/** config:import: a .env file from stdin, as one atomic change. */
import { configAssignment, isInjectedKey, PushboatError, parseDotenv } from "../../core/index.ts";
import type { EnvironmentCommand } from "../command.ts";
import { changeConfig } from "../config-change.ts";
import { OUTCOME_SHAPE } from "../json-forms.ts";

export const configImport: EnvironmentCommand = {
  name: "config:import",
  summary: "Set all values of a .env file from stdin: one change, one new release",
  details:
    "KEY=VALUE lines; 'single' or \"double\" quotes, also over several lines; `export ` and # comments. $NAME is not expanded.\n" +
    "Keys that Pushboat sets itself (PORT, DYNO, PUSHBOAT_...) are left out, and it says so. Keys that are not in the file stay.",
  target: "environment",
  words: [],
  examples: ["config:import blog < .env", "config:import blog@feature-x < blog.env"],
  json: OUTCOME_SHAPE,
  prepare:
    ({ target }) =>
    async (session) => {
      const read = Object.entries(parseDotenv(await session.input.text("a .env file")));
      const taken = read.filter(([key]) => !isInjectedKey(key)).map(([key, value]) => configAssignment(key, value));
      if (taken.length === 0) {
        throw new PushboatError({
          code: "config/nothing-to-import",
          message: "There is no KEY=VALUE on stdin",
          hint: `For example: config:import ${target.name} < .env`,
        });
      }
      for (const [key] of read.filter(([key]) => isInjectedKey(key))) session.progress.warn(`${key} is left out: Pushboat sets it itself.`);
      return changeConfig(session, target, Object.fromEntries(taken.map(({ key, value }) => [key, value])));
    },
};
