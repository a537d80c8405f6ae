/** rollback: a new release with the image and the config of an earlier one. */
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { parseReleaseNumber, RELEASE_PATTERN } from "../numbers.ts";
import { outcomeText } from "../outcome.ts";

export const rollback: EnvironmentCommand = {
  name: "rollback",
  aliases: ["releases:rollback"],
  summary: "Go back to an earlier release: its image and its config, without a build",
  details: "This makes a new release. Migrations that release commands ran are not undone.",
  target: "environment",
  words: [{ name: "RELEASE", description: "v12 or 12; left out: the one before the current", required: false, pattern: RELEASE_PATTERN }],
  examples: ["rollback blog", "rollback blog v12"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words }) => {
    const release = words[0] === undefined ? null : parseReleaseNumber(words[0]);
    return async ({ control, actor, progress }) => {
      progress.begin(`Rolling back ${target.name} to ${release === null ? "the release before" : `v${release}`}`);
      const outcome = await control.rollback(target, release, actor);
      progress.done(outcomeText(outcome));
      progress.warn("Image and config went back; migrations that release commands ran are not undone.");
      return result(outcomeJson(outcome));
    };
  },
};
