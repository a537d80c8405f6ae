/** volumes:destroy: a volume that is not mounted, with its files. */
import { parseVolumeName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { CONFIRM_OPTION, confirm } from "../confirm.ts";

export const volumesDestroy: EnvironmentCommand = {
  name: "volumes:destroy",
  summary: "Destroy a volume and its files; refused while it is mounted",
  target: "environment",
  words: [{ name: "NAME", description: "the volume", required: true }],
  options: [CONFIRM_OPTION],
  examples: ["volumes:destroy blog uploads", "volumes:destroy blog uploads --confirm uploads"],
  json: "{name, destroyed}",
  prepare: ({ target, words, value }) => {
    const name = parseVolumeName(words[0] ?? "");
    const given = value("confirm");
    return async (session) => {
      const warning = `This destroys the volume ${name} of ${target.name} with all of its files.`;
      await confirm(session, { name, given, warning, command: `volumes:destroy ${target.name} ${name} --confirm ${name}` });
      session.progress.begin(`Destroying the volume ${name} of ${target.name}`);
      await session.control.destroyVolume(target, name, session.actor);
      session.progress.done();
      return result({ name, destroyed: true });
    };
  },
};
