/** config:share: keys of production that every branch sees too. */
import { parseConfigKey } from "../../core/index.ts";
import { type AppCommand, result } from "../command.ts";
import { CONFIG_KEY_PATTERN } from "../config-change.ts";

export const configShare: AppCommand = {
  name: "config:share",
  summary: "Let branches see production's values of these keys",
  details: "Nothing of production's config reaches a branch unless it is shared. A branch sees it from its next release on.",
  target: "app",
  words: [{ name: "KEY", description: "a key of production", required: true, many: true, pattern: CONFIG_KEY_PATTERN }],
  options: [{ flags: "--off", description: "do not share them any more" }],
  examples: ["config:share blog MAPS_API_KEY", "config:share blog MAPS_API_KEY --off"],
  json: "{app, keys:[], shared}",
  prepare: ({ target, words, flag }) => {
    const keys = words.map(parseConfigKey);
    const shared = !flag("off");
    return async ({ control, actor, progress }) => {
      progress.begin(`${shared ? "Sharing" : "Unsharing"} ${keys.join(", ")} of ${target}`);
      await control.shareKeys(target, keys, shared, actor);
      progress.done();
      return result({ app: target, keys, shared });
    };
  },
};
