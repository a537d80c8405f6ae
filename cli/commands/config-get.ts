/** config:get: one bare value. */
import { PushboatError, parseConfigKey } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { CONFIG_KEY_PATTERN } from "../config-change.ts";

export const configGet: EnvironmentCommand = {
  name: "config:get",
  summary: "Print one value, bare",
  target: "environment",
  words: [{ name: "KEY", description: "the key", required: true, pattern: CONFIG_KEY_PATTERN }],
  examples: ["config:get blog GREETING"],
  json: "{key, value}",
  prepare: ({ target, words }) => {
    const key = parseConfigKey(words[0] ?? "");
    return async ({ control }) => {
      const all = await control.config(target);
      const value = Object.hasOwn(all, key) ? all[key] : undefined;
      if (value === undefined) {
        throw new PushboatError({
          code: "config/not-set",
          message: `${key} is not set on ${target.name}`,
          hint: `\`config ${target.name}\` shows what is.`,
        });
      }
      return result({ key, value }, [value]);
    };
  },
};
