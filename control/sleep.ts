/** Branch environments that nobody visits sleep: stopped, or frozen in memory. The first request wakes them while it is held. */
import { type EnvironmentName, type EventSink, placeCount, renderEvent } from "../core/index.ts";
import type { Admission } from "./admission.ts";
import { settingsOf } from "./branch-environments.ts";
import { currentWorkload } from "./current.ts";
import { retire } from "./deploy.ts";
import type { Deps } from "./deps.ts";
import { currentManifest } from "./environment-config.ts";
import type { RouteFeed } from "./route-feed.ts";
import type { EnvironmentRecord } from "./store/index.ts";

export interface Sleep {
  /** Begins to look, and to listen for visitors. */
  start(): void;
  /** Resolves when it is awake; at once where it is not asleep. */
  wake(environment: EnvironmentName): Promise<void>;
  close(): void;
}

/** A tenth of the shortest idle time that can be set would be 6 s. */
const LOOK_EVERY_MS = 5_000;

export function createSleep(deps: Deps, routes: RouteFeed, admission: Admission): Sleep {
  const { store, runtime, exclusive } = deps;
  const startedMs = deps.now();
  /** When it was last made current or woken: a router that was restarted has forgotten its visitors. */
  const awakeSince = new Map<EnvironmentName, number>();
  const waking = new Map<EnvironmentName, Promise<void>>();
  let timer: NodeJS.Timeout | null = null;
  let looking = false;

  const log = (environment: EnvironmentName, text: string): void => runtime.writeLog(environment, "pushboat[api]", text);

  const fallAsleep = (name: EnvironmentName): Promise<void> =>
    exclusive.run(name, async () => {
      const environment = store.apps.environment(name);
      if (
        environment === null ||
        environment.ending ||
        environment.asleep ||
        environment.currentRelease === null ||
        store.deployments.open(name).length > 0
      )
        return;
      store.apps.setAsleep(name, true);
      await routes.publishNew(); // from here on requests wait, and wake it
      const instances = runtime.instances(name);
      const addresses = instances.flatMap(({ address }) => (address === null ? [] : [`${address.ip}:${address.port}`]));
      await deps.router.drained(addresses, deps.settings.drainTimeoutMs);
      if (sleepMode(deps, environment) === "freeze") runtime.freeze(name);
      else {
        runtime.forget(name);
        await runtime.stop(instances);
      }
      log(name, `asleep (${sleepMode(deps, environment) === "freeze" ? "frozen" : "stopped"}): nobody visited it`);
    });

  const wakeUp = (name: EnvironmentName): Promise<void> =>
    exclusive.run(name, async () => {
      const environment = store.apps.environment(name);
      if (environment === null || environment.ending || !environment.asleep) return;
      const workload = await currentWorkload(deps, environment);
      runtime.thaw(name);
      const running = runtime.instances(name).filter(({ revision, state }) => revision === workload.revision && state === "up");
      const wanted = placeCount(workload);
      if (running.length < wanted) await admission.run(() => bringUp(environment, workload));
      else runtime.keep(workload);
      store.apps.setAsleep(name, false);
      awakeSince.set(name, deps.now());
      await routes.publishNew();
      log(name, "awake");
    });

  const bringUp = async (environment: EnvironmentRecord, workload: Awaited<ReturnType<typeof currentWorkload>>): Promise<void> => {
    const onEvent: EventSink = (event) => {
      for (const line of renderEvent(event)) log(environment.name, line.trim());
    };
    try {
      const { surplus } = await runtime.converge(workload, { onEvent, signal: new AbortController().signal });
      retire({ deps }, surplus);
    } finally {
      runtime.keep(workload); // where it did not become healthy the restart policy goes on, and its visitors hear so
    }
  };

  const wake = (name: EnvironmentName): Promise<void> => {
    const known = waking.get(name);
    if (known !== undefined) return known;
    const work = wakeUp(name)
      .catch(async (error) => {
        deps.log.warn({ err: error, environment: name }, "waking failed");
        store.apps.setAsleep(name, false);
        await routes.publishNew();
      })
      // Nobody waits for this: what is thrown here would end control.
      .catch((error) => deps.log.error({ err: error, environment: name }, "telling the router of it failed"))
      .finally(() => waking.delete(name));
    waking.set(name, work);
    return work;
  };

  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const idle = await deps.router.idleTimes();
      if (idle === null) return; // without a router nobody knows
      for (const environment of store.apps.environments()) {
        const limitMs = sleepAfterMs(deps, environment);
        const restedMs = deps.now() - Math.max(startedMs, awakeSince.get(environment.name) ?? 0, lastChangeMs(deps, environment));
        const idleMs = Math.min(restedMs, idle[environment.name] ?? restedMs);
        if (limitMs !== null && idleMs >= limitMs && !environment.asleep && environment.currentRelease !== null)
          await fallAsleep(environment.name);
      }
    } catch (error) {
      deps.log.error({ err: error }, "looking for idle environments failed");
    } finally {
      looking = false;
    }
  };

  return {
    start() {
      deps.router.onWake((environment) => void wake(environment));
      timer = setInterval(() => void look(), LOOK_EVERY_MS);
    },
    wake,
    close: () => clearInterval(timer ?? undefined),
  };
}

/** null: never. Production does not sleep unless it is told to. */
function sleepAfterMs(deps: Deps, environment: EnvironmentRecord): number | null {
  const settings = settingsOf(deps, environment.app);
  if (environment.branch === null) return settings.productionSleepAfterMs;
  const manifest = currentManifest(deps, environment);
  return manifest.sleepAfterMs === undefined ? settings.sleepAfterMs : manifest.sleepAfterMs;
}

function sleepMode(deps: Deps, environment: EnvironmentRecord): "stop" | "freeze" {
  const manifest = currentManifest(deps, environment);
  return manifest.sleep === "freeze" ? "freeze" : settingsOf(deps, environment.app).sleep;
}

function lastChangeMs({ store }: Deps, environment: EnvironmentRecord): number {
  return store.deployments.latest(environment.name, 1)[0]?.finishedMs ?? environment.createdMs;
}
