/** volumes:mount: the volume appears at a path in every instance, from the next release on, which this makes. */
import { parseVolumeName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { outcomeText } from "../outcome.ts";

export const volumesMount: EnvironmentCommand = {
  name: "volumes:mount",
  summary: "Mount a volume at a path in every instance",
  target: "environment",
  words: [
    { name: "NAME", description: "the volume", required: true },
    { name: "PATH", description: "where: an absolute path outside the system's directories", required: true },
  ],
  examples: ["volumes:mount blog uploads /app/uploads"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words }) => {
    const name = parseVolumeName(words[0] ?? "");
    const path = words[1] ?? "";
    return async ({ control, actor, progress }) => {
      progress.begin(`Mounting ${name} at ${path} and restarting ${target.name}`);
      const outcome = await control.mountVolume(target, name, path, actor);
      progress.done(outcomeText(outcome));
      return result(outcomeJson(outcome));
    };
  },
};
