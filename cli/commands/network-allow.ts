/** network:allow: a way out to one private address, at once, also for what runs. */
import { parsePrivateAddress } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const networkAllow: EnvironmentCommand = {
  name: "network:allow",
  summary: "Let an environment reach a private address",
  details: "Public addresses are open, private ones closed unless they are allowed here. It takes effect at once.",
  target: "environment",
  words: [{ name: "HOST:PORT", description: "an IPv4 address and a port", required: true }],
  examples: ["network:allow blog 10.0.0.5:5432"],
  json: "{environment, address, port}",
  prepare: ({ target, words }) => {
    const { address, port } = parsePrivateAddress(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Letting ${target.name} reach ${address}:${port}`);
      await control.allowNetwork(target, { address, port }, actor);
      progress.done();
      return result({ environment: target.name, address, port });
    };
  },
};
