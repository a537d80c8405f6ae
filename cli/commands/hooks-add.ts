/** hooks:add: signed JSON to an address at every deployment and at the begin and end of environments. */
import type { HookTopic } from "../../control/index.ts";
import { PushboatError } from "../../core/index.ts";
import { type AppCommand, result } from "../command.ts";
import { fields } from "../table.ts";
import { hookJson } from "./hooks.ts";

const TOPICS: readonly HookTopic[] = ["deploy", "env"];

export const hooksAdd: AppCommand = {
  name: "hooks:add",
  summary: "Post an app's events to an address",
  details:
    "deploy: deploy.live, deploy.failed, deploy.cancelled; env: env.created, env.destroyed. The body is JSON with the environment's URL. " +
    "X-Pushboat-Signature is sha256= and the HMAC-SHA256 of the body with the secret that is shown this once.",
  target: "app",
  words: [{ name: "URL", description: "where to post", required: true, pattern: /^https?:/ }],
  options: [{ flags: "--events LIST", description: "deploy,env (default: both)" }],
  examples: ["hooks:add blog https://ci.example.com/pushboat", "hooks:add blog https://ci.example.com/pushboat --events deploy"],
  json: "{id, app, url, events:[], created, secret}",
  prepare: ({ target, words, value }) => {
    const topics = parseTopics(value("events") ?? TOPICS.join(","));
    return async ({ control, actor, progress }) => {
      progress.begin(`Adding a hook of ${target}`);
      const hook = await control.addHook(target, words[0] ?? "", topics, actor);
      progress.done("done; the secret is not shown again");
      return result({ ...hookJson(hook), secret: hook.secret }, fields({ Id: String(hook.id), Secret: hook.secret }));
    };
  },
};

function parseTopics(text: string): readonly HookTopic[] {
  const topics = text.split(",").map((part) => part.trim());
  const known = topics.filter((topic): topic is HookTopic => (TOPICS as readonly string[]).includes(topic));
  if (known.length === topics.length) return known;
  throw new PushboatError({
    code: "usage/events",
    message: "--events takes deploy, env, or both",
    hint: "For example: --events deploy,env",
  });
}
