/** domains:add: one more host name for an environment. */
import { parseDomain } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const domainsAdd: EnvironmentCommand = {
  name: "domains:add",
  summary: "Let an environment answer for a host name",
  details: [
    "Point the name's DNS record to this machine. Names below the platform's own domain are given by Pushboat.",
    "*.example.com stands for all names below example.com that nobody has as their own. To divide example.com and the names below it",
    "between apps takes the right to change each of them.",
  ].join("\n"),
  target: "environment",
  words: [{ name: "HOST", description: "a full host name, or *.HOST", required: true }],
  examples: ["domains:add blog www.example.com", "domains:add blog '*.example.com'"],
  json: "{environment, host}",
  prepare: ({ target, words }) => {
    const host = parseDomain(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Adding ${host} to ${target.name}`);
      await control.addDomain(target, host, actor);
      progress.done();
      return result({ environment: target.name, host });
    };
  },
};
