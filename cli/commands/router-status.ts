/** router:status: the router's process and what it has in hand. */
import type { RouterReport } from "../../core/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { fields, heading } from "../table.ts";

export const ROUTER_SHAPE = "{pid, uptimeMs, tableVersion, connections, requests, inFlight:[{environment, requests}]}";

export function routerJson({ pid, uptimeMs, version, connections, requests, inFlight }: RouterReport): unknown {
  const busy = Object.entries(inFlight).map(([environment, count]) => ({ environment, requests: count }));
  return { pid, uptimeMs, tableVersion: version, connections, requests, inFlight: busy };
}

export const routerStatus: PlainCommand = {
  name: "router:status",
  summary: "Show the router's process, its table and what it has in flight",
  target: "none",
  words: [],
  examples: ["router:status"],
  json: ROUTER_SHAPE,
  prepare:
    () =>
    async ({ control }) => {
      const report = await control.routerReport();
      const { pid, uptimeMs, version, connections, requests, inFlight } = report;
      const busy = Object.entries(inFlight).map(([environment, count]) => `${environment} ${count}`);
      return result(routerJson(report), [
        heading("Router"),
        ...fields({
          Process: String(pid),
          Up: `${Math.round(uptimeMs / 1000)} s`,
          Table: version === null ? "none yet" : `version ${version}`,
          Connections: String(connections),
          Requests: `${requests} answered`,
          "In flight": busy.length === 0 ? "none" : busy.join(", "),
        }),
      ]);
    },
};
