/** registry:login: who a registry knows an app as. */
import { PushboatError, quote } from "../../core/index.ts";
import { type AppCommand, result } from "../command.ts";

export const registryLogin: AppCommand = {
  name: "registry:login",
  summary: "Remember a user and password of a registry for the images of an app",
  details: "The password is read from stdin, kept encrypted and never shown.",
  target: "app",
  words: [
    { name: "HOST", description: "the registry, as in image names", required: true },
    { name: "USER", description: "who the registry knows", required: true },
  ],
  examples: ["registry:login blog registry.example.com ci < password.txt"],
  json: "{app, host, user}",
  prepare: ({ target, words: [host = "", user = ""] }) => {
    requireHost(host);
    return async ({ control, actor, input, progress }) => {
      const password = (await input.text("the password")).replace(/\r?\n$/, "");
      if (password === "" || user.includes(":") || /[\0\r\n]/.test(password + user)) {
        throw new PushboatError({
          code: "registry/credentials",
          message: password === "" ? "there was no password on stdin" : "a user has no colon, and neither user nor password a line break",
          hint: `For example: registry:login ${target} ${host} ci < password.txt`,
        });
      }
      progress.begin(`Remembering ${user} at ${host} for ${target}`);
      await control.loginRegistry(target, { host, user, password }, actor);
      progress.done();
      return result({ app: target, host, user });
    };
  },
};

export function requireHost(host: string): void {
  if (/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::\d{1,5})?$/.test(host)) return;
  throw new PushboatError({
    code: "registry/host",
    message: `${quote(host)} is no host of a registry`,
    hint: "Give a name as in images, with a port where it has one: registry.example.com:5000",
  });
}
