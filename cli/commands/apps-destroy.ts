/** apps:destroy: an app with all of its environments, after its name was typed. */
import { type AppCommand, result } from "../command.ts";
import { CONFIRM_OPTION, confirm } from "../confirm.ts";

export const appsDestroy: AppCommand = {
  name: "apps:destroy",
  summary: "Destroy an app: its environments, releases, config, volumes and repository",
  target: "app",
  words: [],
  options: [CONFIRM_OPTION],
  examples: ["apps:destroy blog", "apps:destroy blog --confirm blog"],
  json: "{name, destroyed}",
  prepare: ({ target, value }) => {
    const given = value("confirm");
    return async (session) => {
      const app = await session.control.app(target);
      const count = app.environments.length;
      const warning = `This destroys ${target} with ${count === 1 ? "its environment" : `its ${count} environments`}, config, volumes and repository.`;
      await confirm(session, { name: target, given, warning, command: `apps:destroy ${target} --confirm ${target}` });
      session.progress.begin(`Destroying ${target}`);
      await session.control.destroyApp(target, session.actor);
      session.progress.done();
      return result({ name: target, destroyed: true });
    };
  },
};
