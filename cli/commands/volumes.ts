/** volumes: the volumes of an environment and where they are mounted. */
import { formatBytes } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { VOLUME_SHAPE, volumeJson } from "../json-forms.ts";
import { heading, table } from "../table.ts";

export const volumes: EnvironmentCommand = {
  name: "volumes",
  aliases: ["volumes:list"],
  summary: "List the volumes of an environment",
  target: "environment",
  words: [],
  examples: ["volumes blog"],
  json: `[${VOLUME_SHAPE}]`,
  prepare:
    ({ target }) =>
    async ({ control, progress }) => {
      const all = await control.volumes(target);
      if (all.length === 0) progress.note(`${target.name} has no volumes yet: volumes:create ${target.name} NAME`);
      const rows = all.map(({ name, mountedAt, bytes, limitBytes }) => [
        name,
        mountedAt ?? "not mounted",
        `${megabytes(bytes)}${limitBytes === null ? "" : ` of ${formatBytes(limitBytes)}`}`,
      ]);
      return result(all.map(volumeJson), all.length === 0 ? [] : [heading(`${target.name} Volumes`), ...table(rows)]);
    },
};

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
