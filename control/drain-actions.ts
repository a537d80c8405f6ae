/** drains:add, drains, drains:remove. */
import { PushboatError } from "../core/index.ts";
import type { Control, DrainSummary } from "./api.ts";
import type { Deps } from "./deps.ts";
import { hidden, parseDrainUrl } from "./drains/drain-url.ts";
import type { Drains } from "./drains/drains.ts";
import { requireApp } from "./find.ts";
import type { DrainRecord } from "./store/drains.ts";

type DrainActions = Pick<Control, "addDrain" | "drains" | "removeDrain">;

export function createDrainActions(deps: Pick<Deps, "store" | "now">, drains: Drains): DrainActions {
  const { store, now } = deps;
  const summaryOf = ({ id, app, createdMs, sent, lost, error }: DrainRecord): DrainSummary => ({
    id,
    app,
    url: hidden(store.drains.url(id)),
    createdMs,
    sent,
    lost,
    waiting: drains.waiting(id),
    error,
  });
  const requireDrain = (id: number): DrainRecord => {
    const drain = store.drains.drain(id);
    if (drain === null) throw new PushboatError({ code: "drains/unknown", message: `there is no drain ${id}`, hint: "See `drains APP`." });
    return drain;
  };
  return {
    async addDrain(app, url, actor) {
      requireApp(deps, app);
      parseDrainUrl(url);
      const id = store.drains.add(app, url, now());
      store.access.audit(actor.identity, "drains:add", `${app} ${hidden(url)}`, now());
      drains.refresh();
      return summaryOf(requireDrain(id));
    },
    async drains(app) {
      requireApp(deps, app);
      return store.drains.of(app).map(summaryOf);
    },
    async removeDrain(id, actor) {
      const { app } = requireDrain(id);
      store.access.audit(actor.identity, "drains:remove", `${app} ${hidden(store.drains.url(id))}`, now());
      store.drains.remove(id);
      drains.refresh();
    },
  };
}
