/** releases:output: what the release command of a release printed. */
import { PushboatError } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { parseReleaseNumber, RELEASE_PATTERN } from "../numbers.ts";

export const releasesOutput: EnvironmentCommand = {
  name: "releases:output",
  summary: "Show what the release command of a release printed",
  target: "environment",
  words: [{ name: "RELEASE", description: "v12 or 12; left out: the newest", required: false, pattern: RELEASE_PATTERN }],
  examples: ["releases:output blog v12"],
  json: "{release, output}",
  prepare: ({ target, words }) => {
    const asked = words[0] === undefined ? null : parseReleaseNumber(words[0]);
    return async ({ control, progress }) => {
      const release = asked ?? Math.max(0, ...(await control.releases(target)).map(({ number }) => number));
      if (release === 0)
        throw new PushboatError({
          code: "release/none",
          message: `${target.name} has no releases yet`,
          hint: "Push first: git push pushboat main",
        });
      const output = await control.releaseOutput(target, release);
      if (output === "") progress.note(`v${release} of ${target.name} ran no release command, or it printed nothing.`);
      return result({ release, output }, output === "" ? [] : output.replace(/\n$/, "").split("\n"));
    };
  },
};
