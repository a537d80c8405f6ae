/** volumes:unmount: the volume is kept, but no instance sees it any more. */
import { parseVolumeName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { outcomeText } from "../outcome.ts";

export const volumesUnmount: EnvironmentCommand = {
  name: "volumes:unmount",
  summary: "Unmount a volume; its files are kept",
  target: "environment",
  words: [{ name: "NAME", description: "the volume", required: true }],
  examples: ["volumes:unmount blog uploads"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words }) => {
    const name = parseVolumeName(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Unmounting ${name} and restarting ${target.name}`);
      const outcome = await control.unmountVolume(target, name, actor);
      progress.done(outcomeText(outcome));
      return result(outcomeJson(outcome));
    };
  },
};
