/** cron:logs: what a run of a job wrote. */
import { PushboatError, quote } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const cronLogs: EnvironmentCommand = {
  name: "cron:logs",
  summary: "Show what a run of a cron job wrote",
  details:
    "The end of its output, at most 64 kB, kept with the last 50 runs of each job; `logs -p cron.N` has all of it, as long as the log does.",
  target: "environment",
  words: [{ name: "RUN", description: "cron.18, or the name of a job: its last run", required: true }],
  examples: ["cron:logs blog backup", "cron:logs blog cron.18"],
  json: "{run, output}",
  prepare:
    ({ target, words: [word = ""] }) =>
    async ({ control }) => {
      const run = await findRun(word, () => control.runs(target, word, 1));
      const output = await control.runOutput(target, run);
      return result({ run: `cron.${run}`, output }, output === "" ? [] : [output.replace(/\n$/, "")]);
    },
};

async function findRun(word: string, ofJob: () => Promise<readonly { readonly id: number }[]>): Promise<number> {
  const number = /^cron\.(\d{1,9})$/.exec(word)?.[1];
  if (number !== undefined) return Number(number);
  const last = (await ofJob())[0];
  if (last !== undefined) return last.id;
  throw new PushboatError({ code: "cron/no-run", message: `${quote(word)} has not run yet`, hint: "Run it now: cron:run APP NAME" });
}
