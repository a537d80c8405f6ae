/** envs:keep: a branch environment without a time to live. */
import { type EnvironmentCommand, result } from "../command.ts";

export const envsKeep: EnvironmentCommand = {
  name: "envs:keep",
  summary: "Keep a branch's environment: no time to live",
  target: "environment",
  words: [],
  options: [{ flags: "--off", description: "let it end again when nobody pushes" }],
  examples: ["envs:keep blog@staging", "envs:keep blog@staging --off"],
  json: "{name, kept}",
  prepare: ({ target, flag }) => {
    const kept = !flag("off");
    return async ({ control, actor, progress }) => {
      progress.begin(kept ? `Keeping ${target.name}` : `Giving ${target.name} its time to live back`);
      await control.keepEnvironment(target, kept, actor);
      progress.done();
      return result({ name: target.name, kept });
    };
  },
};
