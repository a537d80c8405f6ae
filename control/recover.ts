/** Only forward from the commit point: finishes a deployment that was committed when something went wrong behind it, or when control died. */
import { setTimeout as sleep } from "node:timers/promises";
import { currentWorkload, isStranger } from "./current.ts";
import { type DeployContext, retire, rollForward } from "./deploy.ts";
import type { DeploymentRecord } from "./store/index.ts";

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/** In the environment's lock. Tries until it works: a router that does not answer, a git that fails. */
export async function finishCommitted(context: DeployContext, deployment: DeploymentRecord): Promise<void> {
  const { deps } = context;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    const environment = deps.store.apps.environment(deployment.environment);
    if (environment === null || environment.ending) return;
    try {
      await rollForward(context, deployment, await currentWorkload(deps, environment));
      retire(
        context,
        deps.runtime.instances(environment.name).filter((instance) => isStranger(deps, instance)),
      );
      return;
    } catch (error) {
      deps.log.error({ err: error, deployment: deployment.id }, "rolling forward failed, trying again");
      await sleep(delayMs);
    }
  }
}
