/** config:unset: one atomic change that takes keys away. */
import { PushboatError, parseConfigKey } from "../../core/index.ts";
import type { EnvironmentCommand } from "../command.ts";
import { CONFIG_KEY_PATTERN, changeConfig } from "../config-change.ts";
import { OUTCOME_SHAPE } from "../json-forms.ts";

export const configUnset: EnvironmentCommand = {
  name: "config:unset",
  summary: "Unset config values: one change, one new release",
  details: "Every key must be set: a misspelt one changes nothing.",
  target: "environment",
  words: [{ name: "KEY", description: "a key", required: true, many: true, pattern: CONFIG_KEY_PATTERN }],
  examples: ["config:unset blog GREETING MOTTO"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words }) => {
    const keys = words.map(parseConfigKey);
    return async (session) => {
      const all = await session.control.config(target);
      const unknown = keys.filter((key) => !Object.hasOwn(all, key));
      if (unknown.length > 0) {
        throw new PushboatError({
          code: "config/not-set",
          message: `${unknown.slice(0, 5).join(", ")} ${unknown.length === 1 ? "is" : "are"} not set on ${target.name}; nothing was changed`,
          hint: `\`config ${target.name}\` shows what is set.`,
        });
      }
      return changeConfig(session, target, Object.fromEntries(keys.map((key) => [key, null])));
    };
  },
};
