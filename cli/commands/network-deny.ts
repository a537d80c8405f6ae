/** network:deny: takes back what network:allow gave. */
import { parsePrivateAddress } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const networkDeny: EnvironmentCommand = {
  name: "network:deny",
  summary: "Close the way to a private address again",
  target: "environment",
  words: [{ name: "HOST:PORT", description: "as `network` shows it", required: true }],
  examples: ["network:deny blog 10.0.0.5:5432"],
  json: "{environment, address, port, denied}",
  prepare: ({ target, words }) => {
    const { address, port } = parsePrivateAddress(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Closing ${address}:${port} to ${target.name}`);
      await control.denyNetwork(target, { address, port }, actor);
      progress.done();
      return result({ environment: target.name, address, port, denied: true });
    };
  },
};
