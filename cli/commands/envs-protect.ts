/** envs:protect: a password before an environment. */
import { type EnvironmentCommand, result } from "../command.ts";
import { fields } from "../table.ts";

export const envsProtect: EnvironmentCommand = {
  name: "envs:protect",
  summary: "Ask visitors of a branch's environment for a password",
  details: "Each call makes a new password. To protect every new branch: apps:set APP protect-branches on",
  target: "environment",
  words: [],
  options: [{ flags: "--off", description: "let everybody in" }],
  examples: ["envs:protect blog@staging", "envs:protect blog@staging --off"],
  json: "{name, user, password}",
  prepare: ({ target, flag }) => {
    const on = !flag("off");
    return async ({ control, actor, progress }) => {
      progress.begin(on ? `Protecting ${target.name}` : `Opening ${target.name}`);
      const { user, password } = await control.protectEnvironment(target, on, actor);
      progress.done();
      return result({ name: target.name, user, password }, password === null ? [] : fields({ User: user, Password: password }));
    };
  },
};
