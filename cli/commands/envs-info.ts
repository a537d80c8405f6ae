/** envs:info: one environment: where it answers, what it runs, how long it lives. */
import { duration, PushboatError } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { ENVIRONMENT_SHAPE, environmentJson } from "../json-forms.ts";
import { fields, heading } from "../table.ts";
import { when } from "../when.ts";

export const envsInfo: EnvironmentCommand = {
  name: "envs:info",
  summary: "Show one environment: its hosts, release, state and end",
  target: "environment",
  words: [],
  examples: ["envs:info blog@feature-x"],
  json: ENVIRONMENT_SHAPE,
  prepare:
    ({ target }) =>
    async ({ control, nowMs }) => {
      const found = (await control.environments(target.app)).find(({ name }) => name === target.name);
      if (found === undefined) {
        throw new PushboatError({
          code: "environment/unknown",
          message: `There is no environment called ${target.name}`,
          hint: `See \`envs ${target.app}\`.`,
        });
      }
      const { expiresMs, release, commit } = found;
      const lines = fields({
        URL: found.url,
        Hosts: found.hosts.join(" "),
        Branch: found.branch ?? "none yet",
        State: found.reason === null ? found.state : `${found.state}: ${found.reason}`,
        Release: release === null ? "none" : `v${release}${commit === null ? "" : ` (${commit.slice(0, 7)})`}`,
        Made: when(found.createdMs, nowMs),
        Ends: expiresMs === null ? "never" : `in ${duration(Math.max(0, expiresMs - nowMs))}, unless it is pushed to`,
        Password: found.protected ? "asked for" : "none",
      });
      return result(environmentJson(found), [heading(found.name), ...lines]);
    },
};
