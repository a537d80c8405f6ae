/** hooks: whom an app tells of its deployments and environments. */
import type { HookSummary } from "../../control/index.ts";
import { type AppCommand, result } from "../command.ts";
import { heading, table } from "../table.ts";
import { isoTime, when } from "../when.ts";

export const HOOK_SHAPE = "{id, app, url, events:[], created}";

export const hooks: AppCommand = {
  name: "hooks",
  aliases: ["hooks:list"],
  summary: "List the addresses that an app's events are posted to",
  target: "app",
  words: [],
  examples: ["hooks blog"],
  json: `[${HOOK_SHAPE}]`,
  prepare:
    ({ target }) =>
    async ({ control, nowMs, progress }) => {
      const all = await control.hooks(target);
      if (all.length === 0) progress.note(`${target} tells nobody yet: hooks:add ${target} https://ci.example.com/pushboat`);
      const rows = all.map((hook) => [String(hook.id), hook.url, hook.topics.join(","), when(hook.createdMs, nowMs)]);
      return result(all.map(hookJson), all.length === 0 ? [] : [heading(`${target} Hooks`), ...table(rows)]);
    },
};

export function hookJson({ id, app, url, topics, createdMs }: HookSummary): object {
  return { id, app, url, events: topics, created: isoTime(createdMs) };
}
