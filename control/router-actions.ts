/** What the router answers by, how it does, and a new one in its place. */
import { PushboatError } from "../core/index.ts";
import type { Control } from "./api.ts";
import type { Deps } from "./deps.ts";
import type { RouteFeed } from "./route-feed.ts";

type RouterActions = Pick<Control, "routes" | "routerReport" | "restartRouter">;

export function createRouterActions({ router, store, now }: Deps, routes: RouteFeed): RouterActions {
  return {
    async routes() {
      return routes.current();
    },
    async routerReport() {
      const report = await router.report();
      if (report !== null) return report;
      throw new PushboatError({
        code: "router/down",
        message: "no router answers",
        hint: "It is started again within a second: see `status`, and logs/platform/router.log in the data directory.",
        kind: "transient",
      });
    },
    async restartRouter(actor) {
      const report = await router.restart();
      store.access.audit(actor.identity, "router:restart", "", now());
      return report;
    },
  };
}
