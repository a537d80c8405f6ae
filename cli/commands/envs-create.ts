/** envs:create: a branch environment without a push: from a commit, another environment's image, or a production release. */
import type { EnvironmentSource } from "../../control/index.ts";
import { PushboatError, parseEnvironmentName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { parseReleaseNumber } from "../numbers.ts";
import { outcomeText } from "../outcome.ts";

export const envsCreate: EnvironmentCommand = {
  name: "envs:create",
  summary: "Create a branch's environment without a push",
  details:
    "--from an environment and --image release the very same image without a build; --from a commit or branch that was pushed builds it.",
  target: "environment",
  words: [],
  options: [
    { flags: "--from WHAT", description: "a commit, a pushed branch, or an environment (blog@staging)" },
    { flags: "--image RELEASE", description: "the image of this production release" },
  ],
  examples: ["envs:create blog@demo --from main", "envs:create blog@demo --from blog@staging", "envs:create blog@pr-12 --image v7"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, value }) => {
    const source = parseSource(target.app, value("from"), value("image"));
    return async ({ control, actor, progress }) => {
      progress.begin(`Creating ${target.name}`);
      const outcome = await control.createEnvironment(target, source, actor);
      progress.done(outcomeText(outcome));
      return result(outcomeJson(outcome));
    };
  },
};

function parseSource(app: string, from: string | null, image: string | null): EnvironmentSource {
  if (image !== null && from === null) return { kind: "release", release: parseReleaseNumber(image) };
  if (from === null || image !== null) {
    throw new PushboatError({
      code: "usage/missing-word",
      message: "envs:create needs either --from or --image",
      hint: `For example: envs:create ${app}@demo --from main`,
    });
  }
  const named = from === app || from.startsWith(`${app}@`);
  return named ? { kind: "environment", environment: parseEnvironmentName(from) } : { kind: "commit", word: from };
}
