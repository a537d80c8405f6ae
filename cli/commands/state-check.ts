/** state:check: whether the database that everything is in is whole. */
import { type PlainCommand, result } from "../command.ts";

export const stateCheck: PlainCommand = {
  name: "state:check",
  summary: "Let SQLite look for faults in the platform's state",
  details: "`sudo ./pushboat doctor` asks this among everything else that can be wrong with a server.",
  target: "none",
  words: [],
  examples: ["state:check"],
  json: "{problems:[...]}",
  prepare:
    () =>
    async ({ control }) => {
      const problems = await control.checkState();
      return result({ problems }, problems.length === 0 ? ["The state is whole."] : problems);
    },
};
