/** volumes:create: a directory with a name, kept across releases. */
import { parseVolumeName, parseVolumeSize } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { VOLUME_SHAPE, volumeJson } from "../json-forms.ts";

export const volumesCreate: EnvironmentCommand = {
  name: "volumes:create",
  summary: "Make a volume: files that outlive releases",
  target: "environment",
  words: [{ name: "NAME", description: "its name", required: true }],
  options: [{ flags: "--size SIZE", description: "at most so much (512mb, 10gb); none: what the disk has" }],
  examples: ["volumes:create blog uploads", "volumes:create blog uploads --size 10gb"],
  json: VOLUME_SHAPE,
  prepare: ({ target, words, value }) => {
    const name = parseVolumeName(words[0] ?? "");
    const size = value("size");
    const limitBytes = size === null ? null : parseVolumeSize(size);
    return async ({ control, actor, progress }) => {
      progress.begin(`Creating the volume ${name} of ${target.name}`);
      const volume = await control.createVolume(target, name, limitBytes, actor);
      progress.done(`done; next: volumes:mount ${target.name} ${name} /app/${name}`);
      return result(volumeJson(volume));
    };
  },
};
