/** Joins the modules: the deploy pipeline, the state store, the queue. */
import type { Credentials, EnvironmentName, PushHandler } from "../core/index.ts";
import { createAccessActions, createCredentials, importAdminKeys } from "./access-actions.ts";
import { createAdmission } from "./admission.ts";
import type { Control } from "./api.ts";
import { createAppActions, keptImages } from "./app-actions.ts";
import { boot } from "./boot.ts";
import { createBranchActions } from "./branch-actions.ts";
import { createCertificateActions } from "./certificate-actions.ts";
import { createCron } from "./cron.ts";
import { createCronActions } from "./cron-actions.ts";
import type { Deps, Parts } from "./deps.ts";
import { createDnsFeed } from "./dns-feed.ts";
import { createDrainActions } from "./drain-actions.ts";
import { createDrains } from "./drains/drains.ts";
import { createExclusiveRunner } from "./exclusive-runner.ts";
import { createHookActions } from "./hook-actions.ts";
import { createImageActions } from "./image-actions.ts";
import { createJournal } from "./journal.ts";
import { startLifetimes } from "./lifetime.ts";
import { createLinkActions } from "./link-actions.ts";
import { createNotifier } from "./notify.ts";
import { createObserveActions } from "./observe-actions.ts";
import { createOperations } from "./operations.ts";
import { createPushHandler } from "./push.ts";
import { createJobQueue } from "./queue.ts";
import { createReleaseActions } from "./release-actions.ts";
import { createResourceActions } from "./resource-actions.ts";
import { createRouteFeed } from "./route-feed.ts";
import { createRouterActions } from "./router-actions.ts";
import { createRuns } from "./runs.ts";
import { createSleep } from "./sleep.ts";
import { createStopActions } from "./stop-actions.ts";
import { openStore } from "./store/index.ts";
import { createVolumeActions } from "./volume-actions.ts";

export type * from "./api.ts";
export { capSandbox } from "./build-slots.ts";
export { tryMigrations } from "./store/database.ts";

export interface ControlModule {
  readonly control: Control;
  readonly pushes: PushHandler;
  readonly credentials: Credentials;
  /** Adopts, recovers, and begins to work off what waits. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface ControlOptions extends Parts {
  readonly version: string;
  /** Text of an authorized_keys file: the administrators of the first start. */
  readonly adminKeys: string;
}

export function createControl({ version, adminKeys, ...parts }: ControlOptions): ControlModule {
  const store = openStore(parts.settings.dataDirectory);
  const deps: Deps = {
    ...parts,
    store,
    journal: createJournal(parts.settings.dataDirectory, (what, error) => parts.log.error({ err: error }, `${what} failed`)),
    exclusive: createExclusiveRunner(),
    notifier: createNotifier({ ...parts, store }),
  };
  importAdminKeys(deps, adminKeys);
  const routes = createRouteFeed(deps);
  const sweeper = createSweeper(deps);
  const runs = createRuns(deps);
  const cron = createCron(deps, runs);
  const operations = createOperations(deps, routes, (environment) => {
    sweeper.released(environment);
    dns.changed();
    cron.look();
  });
  const queue = createJobQueue({
    settings: deps.settings,
    log: deps.log,
    startMs: deps.now(),
    work: operations.work,
    waiting: operations.waiting,
  });
  operations.wakeWith(queue.wake);
  const apps = createAppActions(deps, operations, routes);
  const dns = createDnsFeed(deps);
  deps.runtime.onChange(() => {
    routes.changed();
    dns.changed();
  });

  const admission = createAdmission();
  const sleep = createSleep(deps, routes, admission);
  const drains = createDrains(deps);
  const renewals = setInterval(() => routes.changed(), RENEWAL_INTERVAL_MS).unref();
  let stopLifetimes = (): void => undefined;
  const { ensureApp, destroyBranch, destroyEnding, ...appActions } = apps;
  return {
    control: {
      ...appActions,
      ...createBranchActions(deps, operations, routes),
      ...createReleaseActions(deps, operations),
      ...createStopActions(deps, operations),
      ...createLinkActions(deps, dns),
      ...createResourceActions(deps, routes),
      ...createCertificateActions(deps, routes),
      ...createVolumeActions(deps, operations),
      ...createAccessActions(deps),
      ...createHookActions(deps),
      ...createDrainActions(deps, drains),
      ...createImageActions(deps, operations),
      ...createRouterActions(deps, routes),
      ...createObserveActions(deps, queue, version),
      ...createCronActions(deps, runs),
    },
    pushes: createPushHandler({ deps, operations, ensureApp, destroyBranch, certificates: routes.certificates }),
    credentials: createCredentials(deps),
    async start() {
      await boot({ deps, routes, admission, operations });
      deps.builder.removeDrafts().catch((error) => deps.log.error({ err: error }, "removing what builds left failed"));
      await dns.start();
      runs.settle();
      cron.start();
      destroyEnding().catch((error) => deps.log.error({ err: error }, "going on with destroying failed"));
      sleep.start();
      deps.notifier.start();
      drains.start();
      stopLifetimes = startLifetimes(deps, apps);
      queue.start();
      const waiting = operations.waiting();
      for (const environment of waiting.builds) queue.wake("builds", environment);
      for (const environment of waiting.releases) queue.wake("releases", environment);
    },
    async close() {
      clearInterval(renewals);
      stopLifetimes();
      cron.close();
      sleep.close();
      deps.notifier.close();
      drains.close();
      routes.close();
      sweeper.close();
      await queue.close();
      store.close();
    },
  };
}

/** Certificates that are due are made anew with the next table. */
const RENEWAL_INTERVAL_MS = 12 * 3_600_000;

interface Sweeper {
  released(environment: EnvironmentName): void;
  close(): void;
}

/** Behind the deploy that asked for it, so that it takes nothing from its time. */
const SWEEP_DELAY_MS = 5000;

/** After a release: what is kept is kept, the rest goes; one sweep at a time. */
function createSweeper(deps: Deps): Sweeper {
  let timer: NodeJS.Timeout | null = null;
  let sweeping = false;
  const sweep = (): void => {
    timer = null;
    sweeping = true;
    deps.builder
      .sweep(keptImages(deps))
      .catch((error) => deps.log.error({ err: error }, "sweep failed"))
      .finally(() => {
        sweeping = false;
      });
  };
  return {
    released(environment) {
      const { runtime } = deps;
      const running = [...runtime.instances(environment), ...runtime.oneOffs(environment)].map(({ release }) => release);
      deps.store.releases.prune(environment, deps.settings.releasesKept, running);
      if (timer === null && !sweeping) timer = setTimeout(sweep, SWEEP_DELAY_MS);
    },
    close: () => clearTimeout(timer ?? undefined),
  };
}
