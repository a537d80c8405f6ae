/** ps:scale: how many instances of each process type, and how large they are. */
import type { Formation } from "../../control/index.ts";
import { formatBytes, parseScaleChange } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { outcomeText } from "../outcome.ts";

export const psScale: EnvironmentCommand = {
  name: "ps:scale",
  aliases: ["scale"],
  summary: "Show or change how many instances of each process type run, and their size",
  details:
    "A size is memory (512mb, 1gb), one of Heroku's names (standard-2x), or default; it stays until another is given. Refused where all instances together would be promised more memory than the machine has.",
  target: "environment",
  words: [
    {
      name: "TYPE=COUNT",
      description: "also TYPE+COUNT, TYPE-COUNT, TYPE=COUNT:SIZE; none: show",
      required: false,
      many: true,
      pattern: /[=+-]\d/,
    },
  ],
  options: [{ flags: "--force", description: "also where the machine has less memory than is promised then" }],
  examples: ["ps:scale blog", "ps:scale blog web=2 worker+1", "ps:scale blog web=2:1gb"],
  json: "[{type, quantity, command, size:{memoryBytes, swapBytes, cpuShares, cpus, pids, openFiles, diskBytes, ioWeight}}]",
  prepare: ({ target, words, flag }) => {
    const force = flag("force");
    const changes = words.map(parseScaleChange);
    return async ({ control, actor, progress }) => {
      if (changes.length > 0) {
        progress.begin(`Scaling ${words.join(" ")} on ${target.name}`);
        progress.done(outcomeText(await control.scale(target, changes, force, actor)));
      }
      const formation = await control.formation(target);
      if (formation.length === 0) progress.note(`Nothing is deployed on ${target.name} yet.`);
      return result(formation.map(formationJson), formation.length === 0 ? [] : [formation.map(formationWord).join(" ")]);
    };
  },
};

/** `web=2`, and where it is not the usual size `web=2:1gb`. */
function formationWord({ type, quantity, size, usual }: Formation): string {
  return `${type}=${quantity}${size.memoryBytes === usual.memoryBytes ? "" : `:${formatBytes(size.memoryBytes).replace(" ", "").toLowerCase()}`}`;
}

function formationJson({ type, quantity, command, size }: Formation): unknown {
  return { type, quantity, command, size };
}
