/** apps:create: an app before its first push. */
import { type AppCommand, result } from "../command.ts";
import { APP_SHAPE, appJson } from "../json-forms.ts";

export const appsCreate: AppCommand = {
  name: "apps:create",
  summary: "Create an app (its first push does so too)",
  target: "app",
  words: [],
  examples: ["apps:create blog"],
  json: APP_SHAPE,
  prepare:
    ({ target }) =>
    async ({ control, settings, actor, progress }) => {
      progress.begin(`Creating ${target}`);
      const app = await control.createApp(target, actor);
      progress.done();
      const production = app.environments.find((environment) => environment.production);
      const remote = `ssh://pushboat@${settings.domain}:${settings.sshPort}/${target}`;
      return result(appJson(app), [...(production === undefined ? [] : [production.url]), `git remote add pushboat ${remote}`]);
    },
};
