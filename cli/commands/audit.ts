/** audit: who did what. */
import { parseAppName } from "../../core/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { parseCount } from "../numbers.ts";
import { heading, table } from "../table.ts";
import { isoTime, when } from "../when.ts";

const DEFAULT_LINES = 30;

export const audit: PlainCommand = {
  name: "audit",
  summary: "Show who changed what, newest first",
  target: "none",
  words: [{ name: "APP", description: "only what concerns this app", required: false }],
  options: [{ flags: "-n, --lines N", description: `how many (default ${DEFAULT_LINES})` }],
  examples: ["audit", "audit blog -n 100"],
  json: "[{at, who, via, from, action, target}]",
  prepare: ({ words, value }) => {
    const app = words[0] === undefined ? null : parseAppName(words[0]);
    const limit = parseCount(value("lines") ?? String(DEFAULT_LINES), { what: "--lines", least: 1, most: 10_000 });
    return async ({ control, nowMs }) => {
      const entries = await control.audit(app, limit);
      const rows = entries.map(({ atMs, who, via, from, action, target }) => [when(atMs, nowMs), who, `${via} ${from}`, action, target]);
      const json = entries.map(({ atMs, who, via, from, action, target }) => ({ at: isoTime(atMs), who, via, from, action, target }));
      return result(json, entries.length === 0 ? [] : [heading("Audit"), ...table(rows)]);
    };
  },
};
