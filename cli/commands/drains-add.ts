/** drains:add: every log line of an app, to somewhere else as well. */
import { type AppCommand, result } from "../command.ts";
import { fields } from "../table.ts";
import { DRAIN_SHAPE, drainJson } from "./drains.ts";

export const drainsAdd: AppCommand = {
  name: "drains:add",
  summary: "Send an app's logs, with those of its branches, to a log service",
  details:
    "syslog+tls://HOST:PORT gets RFC 5424 over TLS: APP-NAME is the environment, PROCID the instance. https://HOST/PATH gets batches as " +
    "JSON by POST: [{time, environment, source, text}]; a user and password in it go as Basic authorization. Certificates are checked. " +
    "What is not reached is tried again; 10,000 lines (8 MB) wait at most, then the oldest are lost and counted.",
  target: "app",
  words: [{ name: "URL", description: "where to send them", required: true, pattern: /^(syslog\+tls|https):/ }],
  examples: ["drains:add blog syslog+tls://logs.example.com:6514", "drains:add blog https://user:password@logs.example.com/in"],
  json: DRAIN_SHAPE,
  prepare:
    ({ target, words }) =>
    async ({ control, actor, progress }) => {
      progress.begin(`Adding a drain of ${target}`);
      const drain = await control.addDrain(target, words[0] ?? "", actor);
      progress.done();
      return result(drainJson(drain), fields({ Id: String(drain.id), Url: drain.url }));
    },
};
