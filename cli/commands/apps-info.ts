/** apps:info: one app, its settings and environments. */
import { type AppCommand, result } from "../command.ts";
import { APP_SHAPE, appJson } from "../json-forms.ts";
import { fields, heading, table } from "../table.ts";
import { when } from "../when.ts";

export const appsInfo: AppCommand = {
  name: "apps:info",
  aliases: ["apps:show"],
  summary: "Show an app: its settings and environments",
  target: "app",
  words: [],
  examples: ["apps:info blog"],
  json: APP_SHAPE,
  prepare:
    ({ target }) =>
    async ({ control, settings, nowMs }) => {
      const app = await control.app(target);
      const rows = app.environments.map(({ name, state, release, url }) => [name, state, release === null ? "-" : `v${release}`, url]);
      return result(appJson(app), [
        heading(app.name),
        ...fields({
          Created: when(app.createdMs, nowMs),
          "Git URL": `ssh://pushboat@${settings.domain}:${settings.sshPort}/${app.name}`,
          "Production branch": app.productionBranch ?? "set by the first push",
          ...Object.fromEntries(Object.entries(app.settings).filter(([key]) => key !== "production-branch")),
        }),
        "",
        heading(`${app.name} Environments`),
        ...table(rows),
      ]);
    },
};
