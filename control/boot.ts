/**
 * The start of control: adopt what runs, roll forward what was committed, undo what was not, bring back what is missing.
 * After a crash of control nothing is touched that is as it shall be; after a reboot everything is started again.
 */
import { type EventSink, PushboatError, placeCount, renderEvent } from "../core/index.ts";
import type { Admission } from "./admission.ts";
import { currentWorkload, isStranger } from "./current.ts";
import { retire } from "./deploy.ts";
import type { Deps } from "./deps.ts";
import { endUnsuccessfully } from "./failed-deployment.ts";
import { clearWay } from "./make-way.ts";
import type { Operations } from "./operations.ts";
import type { RouteFeed } from "./route-feed.ts";
import type { DeploymentRecord, EnvironmentRecord } from "./store/index.ts";

export interface BootParts {
  readonly deps: Deps;
  readonly routes: RouteFeed;
  readonly admission: Admission;
  readonly operations: Pick<Operations, "finishCommitted">;
}

export async function boot({ deps, routes, admission, operations }: BootParts): Promise<void> {
  await deps.runtime.adopt();
  undoUncommitted(deps);
  const environments = deps.store.apps.environments().filter(({ currentRelease, ending }) => currentRelease !== null && !ending);
  const missing: EnvironmentRecord[] = [];
  for (const environment of environments.filter(({ asleep }) => !asleep))
    if (!(await keepRunning(deps, environment))) missing.push(environment);
  // A router may still be on its way up, and nobody at the doors shall wait for it. Each environment's lock keeps the order.
  const background = [retireStrangers(deps, routes), rollForwardCommitted(deps, operations), bringBack(deps, routes, admission, missing)];
  for (const work of background) work.catch((error) => deps.log.error({ err: error }, "recovering failed"));
}

const INTERRUPTED = new PushboatError({
  code: "deploy/interrupted",
  message: "Pushboat was restarted in the middle of it; nothing was switched over",
  hint: "Push or type it again; of a push: `deploys:retry APP`.",
});

/** Killed before the commit point: the deployment failed. Its instances are strangers now and are retired below. */
function undoUncommitted(deps: Deps): void {
  deps.store.releases.failPending();
  for (const deployment of deps.store.deployments.open()) {
    if (deployment.state !== "building" && deployment.state !== "releasing") continue;
    endUnsuccessfully(deps, deployment, "failed", INTERRUPTED);
  }
}

/** Supervision goes on where it was. Answers false where instances are missing altogether. */
async function keepRunning(deps: Deps, environment: EnvironmentRecord): Promise<boolean> {
  try {
    const workload = await currentWorkload(deps, environment);
    const running = deps.runtime.instances(environment.name).filter((instance) => instance.revision === workload.revision);
    const wanted = placeCount(workload);
    if (running.length < wanted) return false;
    deps.runtime.keep(workload);
    return true;
  } catch (error) {
    deps.log.error({ err: error, environment: environment.name }, "cannot keep the environment running");
    return true;
  }
}

/**
 * Instances that no current release wants: of a deployment that was undone, or still draining when control died. Only behind an
 * acknowledged table. Where a committed one is rolled forward they are retired behind it.
 */
async function retireStrangers(deps: Deps, routes: RouteFeed): Promise<void> {
  const committed = new Set(openCommitted(deps).map(({ environment }) => environment));
  const strangers = deps.runtime.instances().filter((instance) => isStranger(deps, instance) && !committed.has(instance.environment));
  await routes.publishNew();
  retire({ deps }, strangers);
}

/** All of them take their environment's lock at once, before the queue's first operation can. */
async function rollForwardCommitted(deps: Deps, operations: BootParts["operations"]): Promise<void> {
  await Promise.all(
    openCommitted(deps).map((deployment) => deps.exclusive.run(deployment.environment, () => operations.finishCommitted(deployment))),
  );
}

function openCommitted({ store }: Deps): readonly DeploymentRecord[] {
  return store.deployments.open().filter(({ state }) => state === "committed");
}

async function bringBack(deps: Deps, routes: RouteFeed, admission: Admission, environments: readonly EnvironmentRecord[]): Promise<void> {
  await Promise.all(environments.map((environment) => bringBackOne(deps, routes, admission, environment)));
}

/** The environment's lock first, then a slot, as waking does: the other way round the two could wait for each other. */
async function bringBackOne(deps: Deps, routes: RouteFeed, admission: Admission, { name }: EnvironmentRecord): Promise<void> {
  await deps.exclusive.run(name, async () => {
    const environment = deps.store.apps.environment(name);
    if (environment === null || environment.currentRelease === null || environment.asleep) return;
    const onEvent: EventSink = (event) => {
      for (const line of renderEvent(event)) deps.runtime.writeLog(name, "pushboat[api]", line.trim());
    };
    try {
      const workload = await currentWorkload(deps, environment);
      try {
        const { signal } = new AbortController();
        await clearWay(deps, workload);
        const { surplus } = await admission.run(() => deps.runtime.converge(workload, { onEvent, signal }));
        retire({ deps }, surplus);
      } finally {
        deps.runtime.keep(workload); // also where it did not become healthy: the restart policy goes on trying
      }
    } catch (error) {
      deps.log.error({ err: error, environment: name }, "bringing the environment back failed");
    }
    await routes.publishNew();
  });
}
