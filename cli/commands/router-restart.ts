/** router:restart: a new router process, without a failed request. */
import { type PlainCommand, result } from "../command.ts";
import { ROUTER_SHAPE, routerJson } from "./router-status.ts";

export const routerRestart: PlainCommand = {
  name: "router:restart",
  summary: "Replace the router's process without a failed request",
  details:
    "The new router listens on the same ports before the old one stops accepting. The old one ends when its requests are done, at the latest after the drain time.",
  target: "none",
  words: [],
  examples: ["router:restart"],
  json: ROUTER_SHAPE,
  prepare:
    () =>
    async ({ control, actor, progress }) => {
      progress.begin("Restarting the router");
      const report = await control.restartRouter(actor);
      progress.done();
      return result(routerJson(report), [`The router is now process ${report.pid}.`]);
    },
};
