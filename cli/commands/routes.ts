/** routes: which host leads where. */
import type { Route } from "../../core/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { table } from "../table.ts";

export const routes: PlainCommand = {
  name: "routes",
  summary: "List the host names that the router answers for, and where they lead",
  details: "Conditions: up, starting, asleep, empty (nothing pushed yet), no-web, crashed, maintenance.",
  target: "none",
  words: [],
  examples: ["routes", "routes --json"],
  json: "[{host, environment, condition, targets:[{instance, address}]}]",
  prepare:
    () =>
    async ({ control, progress }) => {
      const rows = (await control.routes()).flatMap(rowsOf).sort((left, right) => (left.host < right.host ? -1 : 1));
      if (rows.length === 0) progress.note("No app has a host name yet: apps:create NAME, or push one");
      return result(
        rows,
        table(
          rows.map(({ host, environment, condition, targets }) => [
            host,
            environment,
            condition,
            targets.map(({ instance, address }) => `${instance} ${address}`).join(", "),
          ]),
        ),
      );
    },
};

function rowsOf({ hosts, environment, condition, targets }: Route) {
  const shown = targets.map(({ instance, address }) => ({ instance, address }));
  return hosts.map((host) => ({ host, environment, condition, targets: shown }));
}
