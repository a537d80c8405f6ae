/** cron:run: a job now, whatever its schedule. */
import { type EnvironmentCommand, result } from "../command.ts";
import { RUN_SHAPE, runJson } from "../json-forms.ts";

export const cronRun: EnvironmentCommand = {
  name: "cron:run",
  summary: "Run a cron job now",
  details: "Answers when it was started; suspended jobs run too. Whether it may run beside a run that goes on is its concurrency policy's.",
  target: "environment",
  words: [{ name: "NAME", description: "the job, as `cron` shows it", required: true }],
  examples: ["cron:run blog backup"],
  json: RUN_SHAPE,
  prepare:
    ({ target, words: [name = ""] }) =>
    async ({ control, actor }) => {
      const run = await control.runCron(target, name, actor);
      return result(runJson(run), [
        `${run.name} runs ${name}: cron:logs ${target.name} ${run.name}, logs ${target.name} -t -p ${run.name}`,
      ]);
    },
};
