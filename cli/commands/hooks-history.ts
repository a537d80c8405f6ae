/** hooks:history: what was posted to a hook, and what it answered. */
import type { HookDelivery } from "../../control/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { parseCount } from "../numbers.ts";
import { heading, table } from "../table.ts";
import { isoTime, when } from "../when.ts";

const SHOWN = 30;

export const hooksHistory: PlainCommand = {
  name: "hooks:history",
  summary: "Show what was posted to a hook, newest first",
  target: "none",
  words: [{ name: "ID", description: "its number in `hooks APP`", required: true }],
  examples: ["hooks:history 3"],
  json: "[{id, event, created, attempts, outcome, next}]",
  prepare: ({ words }) => {
    const id = parseCount(words[0] ?? "", { what: "ID", least: 1, most: Number.MAX_SAFE_INTEGER });
    return async ({ control, nowMs }) => {
      const all = await control.hookDeliveries(id, SHOWN);
      const rows = all.map((delivery) => [
        when(delivery.createdMs, nowMs),
        delivery.event,
        delivery.outcome ?? "not tried yet",
        `${delivery.attempts} ${delivery.attempts === 1 ? "attempt" : "attempts"}`,
        delivery.nextMs === null ? "" : `next ${isoTime(delivery.nextMs)}`,
      ]);
      return result(all.map(deliveryJson), all.length === 0 ? [] : [heading(`Hook ${id}`), ...table(rows)]);
    };
  },
};

function deliveryJson({ id, event, createdMs, attempts, outcome, nextMs }: HookDelivery): object {
  return { id, event, created: isoTime(createdMs), attempts, outcome, next: nextMs === null ? null : isoTime(nextMs) };
}
