/** domains:add: one more host name for an environment. */
import { parseHostName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const domainsAdd: EnvironmentCommand = {
  name: "domains:add",
  summary: "Let an environment answer for a host name",
  details: "Point the name's DNS record to this machine. Names below the platform's own domain are given by Pushboat.",
  target: "environment",
  words: [{ name: "HOST", description: "a full host name", required: true }],
  examples: ["domains:add blog www.example.com"],
  json: "{environment, host}",
  prepare: ({ target, words }) => {
    const host = parseHostName(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Adding ${host} to ${target.name}`);
      await control.addDomain(target, host, actor);
      progress.done();
      return result({ environment: target.name, host });
    };
  },
};
