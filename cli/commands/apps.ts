/** apps: all apps with their production environment. */
import { type PlainCommand, result } from "../command.ts";
import { APP_SHAPE, appJson } from "../json-forms.ts";
import { heading, table } from "../table.ts";

export const apps: PlainCommand = {
  name: "apps",
  aliases: ["apps:list"],
  summary: "List all apps",
  target: "none",
  words: [],
  examples: ["apps", "apps --json"],
  json: `[${APP_SHAPE}]`,
  prepare: () => async (session) => {
    const all = await session.control.apps();
    if (all.length === 0) session.progress.note("There are no apps yet: push one, or apps:create NAME.");
    const rows = all.map((app) => {
      const production = app.environments.find((environment) => environment.production);
      const branches = app.environments.filter((environment) => !environment.production).length;
      const release = production?.release ? `v${production.release}` : "-";
      return [
        app.name,
        production?.state ?? "empty",
        release,
        production?.url ?? "",
        branches === 0 ? "" : `+${branches} ${branches === 1 ? "branch" : "branches"}`,
      ];
    });
    return result(all.map(appJson), all.length === 0 ? [] : [heading("Apps"), ...table(rows)]);
  },
};
