/** envs:destroy: a branch's environment, after its name was typed; never production. */
import { PushboatError } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { CONFIRM_OPTION, confirm } from "../confirm.ts";
import { findEnvironment } from "../find-environment.ts";

export const envsDestroy: EnvironmentCommand = {
  name: "envs:destroy",
  summary: "Destroy a branch's environment: its releases, config, volumes and host names",
  details: "Deleting the branch (git push pushboat --delete BRANCH) does the same.",
  target: "environment",
  words: [],
  options: [CONFIRM_OPTION],
  examples: ["envs:destroy blog@feature-x", "envs:destroy blog@feature-x --confirm blog@feature-x"],
  json: "{name, destroyed}",
  prepare: ({ target, value }) => {
    const { name, app, branch } = target;
    if (branch === null) {
      throw new PushboatError({
        code: "environment/production",
        message: `${name} is the production environment, which envs:destroy does not touch`,
        hint: `For a branch: envs:destroy ${app}@BRANCH\nFor the whole app: apps:destroy ${app}`,
      });
    }
    const given = value("confirm");
    return async (session) => {
      await findEnvironment(session.control, target);
      const warning = `This destroys ${name} with its releases, config and volumes.`;
      await confirm(session, { name, given, warning, command: `envs:destroy ${name} --confirm ${name}` });
      session.progress.begin(`Destroying ${name}`);
      await session.control.destroyEnvironment(target, session.actor);
      session.progress.done();
      return result({ name, destroyed: true });
    };
  },
};
