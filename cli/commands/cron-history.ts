/** cron:history: what ran when, and how it ended. */
import { type EnvironmentCommand, result } from "../command.ts";
import { RUN_SHAPE, runJson } from "../json-forms.ts";
import { runRow } from "../run-text.ts";
import { heading, table } from "../table.ts";

const SHOWN = 30;

export const cronHistory: EnvironmentCommand = {
  name: "cron:history",
  summary: "Show the last runs of cron jobs, newest first",
  target: "environment",
  words: [{ name: "NAME", description: "only of this job", required: false }],
  examples: ["cron:history blog", "cron:history blog backup --json"],
  json: `[${RUN_SHAPE}]`,
  prepare:
    ({ target, words: [name] }) =>
    async ({ control, nowMs }) => {
      const all = await control.runs(target, name, SHOWN);
      const runs = all.filter(({ job }) => job !== null);
      const rows = runs.map((run) => runRow(run, nowMs));
      return result(runs.map(runJson), rows.length === 0 ? [] : [heading(`${target.name} Cron Runs`), ...table(rows)]);
    },
};
