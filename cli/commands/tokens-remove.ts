/** tokens:remove: the token opens nothing any more. */
import { parseKeyName } from "../../core/index.ts";
import { type PlainCommand, result } from "../command.ts";

export const tokensRemove: PlainCommand = {
  name: "tokens:remove",
  summary: "Remove a token",
  target: "none",
  words: [{ name: "NAME", description: "as `tokens` shows it", required: true }],
  examples: ["tokens:remove ci"],
  json: "{name, removed}",
  prepare: ({ words }) => {
    const name = parseKeyName(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Removing the token ${name}`);
      await control.removeToken(name, actor);
      progress.done();
      return result({ name, removed: true });
    };
  },
};
