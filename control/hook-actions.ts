/** hooks:add, hooks, hooks:remove, hooks:history. */
import { randomBytes } from "node:crypto";
import { PushboatError, quote } from "../core/index.ts";
import type { Control } from "./api.ts";
import type { Deps } from "./deps.ts";
import { requireApp } from "./find.ts";

type HookActions = Pick<Control, "addHook" | "hooks" | "removeHook" | "hookDeliveries">;

const SECRET_BYTES = 24;

export function createHookActions(deps: Pick<Deps, "store" | "now">): HookActions {
  const { store, now } = deps;
  const requireHook = (id: number) => {
    const hook = store.hooks.hook(id);
    if (hook === null) throw new PushboatError({ code: "hooks/unknown", message: `there is no hook ${id}`, hint: "See `hooks APP`." });
    return hook;
  };
  return {
    async addHook(app, url, topics, actor) {
      requireApp(deps, app);
      requireUrl(url);
      const secret = randomBytes(SECRET_BYTES).toString("base64url");
      const createdMs = now();
      const id = store.hooks.addHook({ app, url, topics, createdMs, secret });
      store.access.audit(actor.identity, "hooks:add", `${app} ${url}`, createdMs);
      return { id, app, url, topics, createdMs, secret };
    },
    async hooks(app) {
      requireApp(deps, app);
      return store.hooks.hooks(app);
    },
    async removeHook(id, actor) {
      const hook = requireHook(id);
      store.hooks.removeHook(id);
      store.access.audit(actor.identity, "hooks:remove", `${hook.app} ${hook.url}`, now());
    },
    async hookDeliveries(id, limit) {
      requireHook(id);
      return store.hooks.deliveries(id, limit);
    },
  };
}

function requireUrl(text: string): void {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && text.length <= 2000) return;
  throw new PushboatError({
    code: "hooks/url",
    message: `${quote(text)} is not an address that can be posted to`,
    hint: "Give an http(s) URL without a user name: https://ci.example.com/pushboat",
  });
}
