/** domains:remove: the environment does not answer for a host name any more. */
import { parseDomain } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const domainsRemove: EnvironmentCommand = {
  name: "domains:remove",
  summary: "Take a host name from an environment",
  target: "environment",
  words: [{ name: "HOST", description: "a full host name", required: true }],
  examples: ["domains:remove blog www.example.com"],
  json: "{environment, host, removed}",
  prepare: ({ target, words }) => {
    const host = parseDomain(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Removing ${host} from ${target.name}`);
      await control.removeDomain(target, host, actor);
      progress.done();
      return result({ environment: target.name, host, removed: true });
    };
  },
};
