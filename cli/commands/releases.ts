/** releases: the newest releases of an environment. */
import type { Release } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { RELEASE_SHAPE, releaseJson } from "../json-forms.ts";
import { parseCount } from "../numbers.ts";
import { heading, shortened, table } from "../table.ts";
import { when } from "../when.ts";

/** Heroku's. */
const DEFAULT_ROWS = 15;

export const releases: EnvironmentCommand = {
  name: "releases",
  aliases: ["releases:list"],
  summary: "List the releases of an environment, newest first",
  target: "environment",
  words: [],
  options: [{ flags: "-n, --num N", description: `how many (default ${DEFAULT_ROWS})` }],
  examples: ["releases blog", "releases blog -n 50"],
  json: `[${RELEASE_SHAPE}]`,
  prepare: ({ target, value }) => {
    const most = parseCount(value("num") ?? String(DEFAULT_ROWS), { what: "--num", least: 1, most: 10_000 });
    return async ({ control, progress, nowMs }) => {
      const all = await control.releases(target);
      const shown = all.toSorted((a, b) => b.number - a.number).slice(0, most);
      if (shown.length === 0) {
        progress.note(`${target.name} has no releases yet.`);
        return result([]);
      }
      const current = all.find(({ state }) => state === "current");
      const title = `${target.name} Releases${current === undefined ? "" : ` - Current: v${current.number}`}`;
      return result(shown.map(releaseJson), [heading(title), ...table(shown.map((release) => releaseRow(release, nowMs)))]);
    };
  },
};

/** `v13  Deploy 1a2b3c4  alice  2026/08/01 10:00:00 +0000 (~ 5m ago)` */
function releaseRow({ number, description, state, by, createdMs }: Release, nowMs: number): readonly string[] {
  const mark = state === "failed" || state === "pending" ? ` (${state})` : "";
  return [`v${number}`, `${shortened(description)}${mark}`, by, when(createdMs, nowMs)];
}
