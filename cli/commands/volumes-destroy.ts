/** volumes:destroy: a volume that is not mounted, with its files. */
import { parseVolumeName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const volumesDestroy: EnvironmentCommand = {
  name: "volumes:destroy",
  summary: "Destroy a volume and its files; refused while it is mounted",
  target: "environment",
  words: [{ name: "NAME", description: "the volume", required: true }],
  examples: ["volumes:destroy blog uploads"],
  json: "{name, destroyed}",
  prepare: ({ target, words }) => {
    const name = parseVolumeName(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Destroying the volume ${name} of ${target.name}`);
      await control.destroyVolume(target, name, actor);
      progress.done();
      return result({ name, destroyed: true });
    };
  },
};
