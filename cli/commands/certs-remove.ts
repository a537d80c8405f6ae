/** certs:remove: a certificate is not shown any more. */
import { PushboatError, quote } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const certsRemove: EnvironmentCommand = {
  name: "certs:remove",
  summary: "Take a certificate from an environment",
  target: "environment",
  words: [{ name: "ID", description: "its number in `certs`", required: true, pattern: /^\d+$/ }],
  examples: ["certs:remove blog 3"],
  json: "{environment, id, removed}",
  prepare: ({ target, words }) => {
    const id = Number(words[0]);
    if (!Number.isSafeInteger(id) || id < 1) {
      throw new PushboatError({
        code: "certs/id",
        message: `${quote(words[0] ?? "")} is not the number of a certificate`,
        hint: `See \`certs ${target.name}\`.`,
      });
    }
    return async ({ control, actor, progress }) => {
      progress.begin(`Removing certificate ${id} from ${target.name}`);
      await control.removeCertificate(target, id, actor);
      progress.done();
      return result({ environment: target.name, id, removed: true });
    };
  },
};
