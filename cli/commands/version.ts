/** version: which Pushboat this is. */
import { type PlainCommand, result } from "../command.ts";

export const version: PlainCommand = {
  name: "version",
  summary: "Print the version of Pushboat",
  target: "none",
  words: [],
  examples: ["version"],
  json: "{version}",
  prepare:
    () =>
    async ({ control }) => {
      const { version: number } = await control.status();
      return result({ version: number }, [`pushboat ${number}`]);
    },
};
