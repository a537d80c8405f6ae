/** hooks:remove: an address that is told nothing any more. */
import { type PlainCommand, result } from "../command.ts";
import { parseCount } from "../numbers.ts";

export const hooksRemove: PlainCommand = {
  name: "hooks:remove",
  summary: "Remove a hook",
  target: "none",
  words: [{ name: "ID", description: "its number in `hooks APP`", required: true }],
  examples: ["hooks:remove 3"],
  json: "{id, removed}",
  prepare: ({ words }) => {
    const id = parseCount(words[0] ?? "", { what: "ID", least: 1, most: Number.MAX_SAFE_INTEGER });
    return async ({ control, actor, progress }) => {
      progress.begin(`Removing hook ${id}`);
      await control.removeHook(id, actor);
      progress.done();
      return result({ id, removed: true });
    };
  },
};
