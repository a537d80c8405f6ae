/** registry:logout: forgets a login. */
import { type AppCommand, result } from "../command.ts";
import { requireHost } from "./registry-login.ts";

export const registryLogout: AppCommand = {
  name: "registry:logout",
  summary: "Forget the user and password of a registry",
  target: "app",
  words: [{ name: "HOST", description: "the registry", required: true }],
  examples: ["registry:logout blog registry.example.com"],
  json: "{app, host}",
  prepare: ({ target, words: [host = ""] }) => {
    requireHost(host);
    return async ({ control, actor, progress }) => {
      progress.begin(`Forgetting ${host} for ${target}`);
      await control.logoutRegistry(target, host, actor);
      progress.done();
      return result({ app: target, host });
    };
  },
};
