/** deploys: the newest deployments of an environment, also waiting and failed ones. */
import type { Deployment } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { DEPLOYMENT_SHAPE, deploymentJson } from "../json-forms.ts";
import { parseCount } from "../numbers.ts";
import { heading, shortened, table } from "../table.ts";
import { when } from "../when.ts";

const DEFAULT_ROWS = 15;

export const deploys: EnvironmentCommand = {
  name: "deploys",
  aliases: ["deploys:list"],
  summary: "List the deployments of an environment, newest first",
  target: "environment",
  words: [],
  options: [{ flags: "-n, --num N", description: `how many (default ${DEFAULT_ROWS})` }],
  examples: ["deploys blog"],
  json: `[${DEPLOYMENT_SHAPE}]`,
  prepare: ({ target, value }) => {
    const most = parseCount(value("num") ?? String(DEFAULT_ROWS), { what: "--num", least: 1, most: 10_000 });
    return async ({ control, progress, nowMs }) => {
      const all = await control.deployments(target, most);
      if (all.length === 0) progress.note(`${target.name} has no deployments yet.`);
      const rows = table(all.map((deployment) => deploymentRow(deployment, nowMs)));
      return result(all.map(deploymentJson), all.length === 0 ? [] : [heading(`${target.name} Deployments`), ...rows]);
    };
  },
};

/** `#42  live  Deploy 1a2b3c4  v13  alice  2026/08/01 10:00:00 +0000 (~ 5m ago)` */
function deploymentRow({ id, state, description, release, by, createdMs, reason }: Deployment, nowMs: number): readonly string[] {
  return [`#${id}`, state, shortened(description), release === null ? "-" : `v${release}`, by, when(createdMs, nowMs), reason ?? ""];
}
