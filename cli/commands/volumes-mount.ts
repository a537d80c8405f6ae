/** volumes:mount: the volume appears at a path in every instance, from the next release on, which this makes. */
import { PushboatError, parseVolumeName, quote } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { outcomeText } from "../outcome.ts";

export const volumesMount: EnvironmentCommand = {
  name: "volumes:mount",
  summary: "Mount a volume at a path in every instance",
  target: "environment",
  words: [
    { name: "NAME", description: "the volume", required: true },
    { name: "PATH", description: "where, an absolute path", required: true },
  ],
  examples: ["volumes:mount blog uploads /app/uploads"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words }) => {
    const name = parseVolumeName(words[0] ?? "");
    const path = parseMountPath(words[1] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Mounting ${name} at ${path} and restarting ${target.name}`);
      const outcome = await control.mountVolume(target, name, path, actor);
      progress.done(outcomeText(outcome));
      return result(outcomeJson(outcome));
    };
  },
};

function parseMountPath(text: string): string {
  const parts = text.split("/").slice(1);
  const plain = parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part) && part !== "..");
  if (!text.startsWith("/") || text.length > 200 || !plain) {
    throw new PushboatError({
      code: "volumes/path",
      message: `${quote(text)} is not a path to mount a volume at`,
      hint: "Give an absolute path of letters, digits, _ . - and single slashes: /app/uploads",
    });
  }
  return text;
}
