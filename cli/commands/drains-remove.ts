/** drains:remove: logs are sent there no more. */
import { type PlainCommand, result } from "../command.ts";
import { parseCount } from "../numbers.ts";

export const drainsRemove: PlainCommand = {
  name: "drains:remove",
  summary: "Send an app's logs somewhere no more",
  target: "none",
  words: [{ name: "ID", description: "its number in `drains APP`", required: true }],
  examples: ["drains:remove 3"],
  json: "{id, removed}",
  prepare: ({ words }) => {
    const id = parseCount(words[0] ?? "", { what: "ID", least: 1, most: Number.MAX_SAFE_INTEGER });
    return async ({ control, actor, progress }) => {
      progress.begin(`Removing drain ${id}`);
      await control.removeDrain(id, actor);
      progress.done();
      return result({ id, removed: true });
    };
  },
};
