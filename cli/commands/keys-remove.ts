/** keys:remove: the key opens nothing any more. */
import { parseKeyName } from "../../core/index.ts";
import { type PlainCommand, result } from "../command.ts";

export const keysRemove: PlainCommand = {
  name: "keys:remove",
  summary: "Remove an SSH key",
  target: "none",
  words: [{ name: "NAME", description: "as `keys` shows it", required: true }],
  examples: ["keys:remove alice"],
  json: "{name, removed}",
  prepare: ({ words }) => {
    const name = parseKeyName(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Removing the key ${name}`);
      await control.removeKey(name, actor);
      progress.done();
      return result({ name, removed: true });
    };
  },
};
