/** The end of branch environments that nobody pushed to for their time to live. */
import type { Identity } from "../core/index.ts";
import type { AppActionsFace } from "./app-actions.ts";
import { expiresMs } from "./branch-environments.ts";
import type { Deps } from "./deps.ts";
import { createSteadyClock } from "./steady-clock.ts";

/** Ten seconds late is nothing on a scale of days. */
const LOOK_EVERY_MS = 10_000;

const identity: Identity = { name: "pushboat (time to live)", via: "local", role: "admin", from: "local" };

/** Answers how to stop looking. */
export function startLifetimes(deps: Deps, apps: Pick<AppActionsFace, "destroyBranch">): () => void {
  const clock = createSteadyClock({ now: deps.now, monotonicNow: () => performance.now() });
  let busy = false;
  const look = async (): Promise<void> => {
    if (!clock.isSteady() || busy) return;
    busy = true;
    try {
      for (const environment of expired(deps))
        if (environment.branch !== null) await apps.destroyBranch(environment.app, environment.branch, identity);
    } catch (error) {
      deps.log.error({ err: error }, "ending branch environments failed");
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

export function expired(deps: Pick<Deps, "store" | "now">): ReturnType<Deps["store"]["apps"]["environments"]> {
  return deps.store.apps.environments().filter((environment) => {
    if (environment.ending) return false;
    const endMs = expiresMs(deps, environment);
    return endMs !== null && endMs <= deps.now() && deps.store.deployments.open(environment.name).length === 0;
  });
}
