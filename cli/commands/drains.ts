/** drains: where an app's logs are sent, and how much of them arrived. */
import type { DrainSummary } from "../../control/index.ts";
import { type AppCommand, result } from "../command.ts";
import { heading, table } from "../table.ts";
import { isoTime } from "../when.ts";

export const DRAIN_SHAPE = "{id, app, url, created, sent, lost, waiting, error}";

export const drains: AppCommand = {
  name: "drains",
  aliases: ["drains:list"],
  summary: "List where an app's logs are sent, and how many lines were sent, lost and wait",
  target: "app",
  words: [],
  examples: ["drains blog"],
  json: `[${DRAIN_SHAPE}]`,
  prepare:
    ({ target }) =>
    async ({ control, progress }) => {
      const all = await control.drains(target);
      if (all.length === 0) progress.note(`${target} sends its logs nowhere yet: drains:add ${target} syslog+tls://logs.example.com:6514`);
      const rows = all.map(({ id, url, sent, lost, waiting, error }) => [
        String(id),
        url,
        `${sent} sent`,
        `${lost} lost`,
        `${waiting} waiting`,
        error ?? "",
      ]);
      return result(all.map(drainJson), all.length === 0 ? [] : [heading(`${target} Drains`), ...table(rows)]);
    },
};

export function drainJson({ id, app, url, createdMs, sent, lost, waiting, error }: DrainSummary): object {
  return { id, app, url, created: isoTime(createdMs), sent, lost, waiting, error };
}
