/** run:history: detached runs, and how they ended. */
import { type EnvironmentCommand, result } from "../command.ts";
import { RUN_SHAPE, runJson } from "../json-forms.ts";
import { runRow } from "../run-text.ts";
import { heading, table } from "../table.ts";

const SHOWN = 30;

export const runHistory: EnvironmentCommand = {
  name: "run:history",
  summary: "Show the last detached runs and how they ended, newest first",
  target: "environment",
  words: [],
  examples: ["run:history blog", "run:history blog --json"],
  json: `[${RUN_SHAPE}]`,
  prepare:
    ({ target }) =>
    async ({ control, nowMs }) => {
      const runs = await control.runs(target, null, SHOWN);
      const rows = runs.map((run) => runRow(run, nowMs));
      return result(runs.map(runJson), rows.length === 0 ? [] : [heading(`${target.name} Runs`), ...table(rows)]);
    },
};
