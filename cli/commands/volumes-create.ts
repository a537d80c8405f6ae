/** volumes:create: a directory with a name, kept across releases. */
import { parseVolumeName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { VOLUME_SHAPE, volumeJson } from "../json-forms.ts";

export const volumesCreate: EnvironmentCommand = {
  name: "volumes:create",
  summary: "Make a volume: files that outlive releases",
  target: "environment",
  words: [{ name: "NAME", description: "its name", required: true }],
  examples: ["volumes:create blog uploads"],
  json: VOLUME_SHAPE,
  prepare: ({ target, words }) => {
    const name = parseVolumeName(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Creating the volume ${name} of ${target.name}`);
      const volume = await control.createVolume(target, name, actor);
      progress.done(`done; next: volumes:mount ${target.name} ${name} /app/${name}`);
      return result(volumeJson(volume));
    };
  },
};
