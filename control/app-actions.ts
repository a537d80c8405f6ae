/** Apps and environments: made, listed, destroyed. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type AppName,
  type BranchName,
  type EventSink,
  environmentName,
  type HostName,
  type Identity,
  PushboatError,
  parseBranchName,
  stoppedIndexes,
  WEB,
} from "../core/index.ts";
import type { Actor, AppSummary, Control, EnvironmentSummary } from "./api.ts";
import { checkSetting } from "./app-settings.ts";
import { expiresMs } from "./branch-environments.ts";
import { currentWorkload } from "./current.ts";
import type { Deps } from "./deps.ts";
import { currentManifest } from "./environment-config.ts";
import { environmentReason } from "./environment-reason.ts";
import { requireApp, requireEnvironment } from "./find.ts";
import { runScript } from "./one-off-script.ts";
import type { Operations } from "./operations.ts";
import type { RouteFeed } from "./route-feed.ts";
import { oneOffSize } from "./sizes.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { environmentHost, environmentUrl } from "./urls.ts";
import { quantityOf } from "./workload.ts";

type AppActions = Pick<Control, "createApp" | "destroyApp" | "apps" | "app" | "setAppSetting" | "environments" | "destroyEnvironment">;

export interface AppActionsFace extends AppActions {
  /** For the first push. */
  ensureApp(name: AppName, identity: Identity): Promise<void>;
  destroyBranch(app: AppName, branch: BranchName, identity: Identity): Promise<void>;
  /** Goes on with what a killed control was destroying. */
  destroyEnding(): Promise<void>;
}

export function createAppActions(deps: Deps, operations: Operations, routes: RouteFeed): AppActionsFace {
  const { store } = deps;

  const summarizeApp = (name: AppName): AppSummary => {
    const app = requireApp(deps, name);
    return {
      name,
      createdMs: app.createdMs,
      productionBranch: app.productionBranch,
      environments: store.apps.environments(name).map((environment) => summarize(deps, environment)),
      settings: { ...(app.productionBranch === null ? {} : { "production-branch": app.productionBranch }), ...store.apps.settings(name) },
    };
  };

  const ensureApp = async (name: AppName, identity: Identity): Promise<void> => {
    await deps.repositories.ensure(name);
    if (store.apps.app(name) !== null) return;
    store.apps.createApp(name, deps.now());
    store.access.audit(identity, "apps:create", name, deps.now());
    await routes.publishNew();
  };

  const setProductionBranch = (name: AppName, branch: BranchName | null): void => {
    if (branch !== null && store.apps.environment(environmentName(name, branch)) !== null) {
      throw new PushboatError({
        code: "app/branch-in-use",
        message: `${branch} is a staging environment of ${name}`,
        hint: `Destroy it first: envs:destroy ${name}@${branch}`,
      });
    }
    store.apps.setProductionBranch(name, branch);
  };

  /**
   * Everything of it goes: what waits, what runs, routes, files, the branch, and last the row that says so. Killed anywhere
   * before that, the next control goes on with it; until then nobody gets its name, its slot or its volumes.
   */
  const destroy = async ({ name }: EnvironmentRecord): Promise<void> => {
    store.apps.setEnding(name);
    operations.cancelAll(name);
    await deps.exclusive.run(name, async () => {
      const environment = store.apps.environment(name);
      if (environment === null) return; // by somebody else, meanwhile
      if (environment.branch !== null) await runPredestroy(deps, environment);
      deps.runtime.forget(name);
      await routes.publishNew();
      await deps.runtime.stop(deps.runtime.instances(name));
      await deps.runtime.removeEnvironment(name, environment.slot);
      const volumes = join(deps.settings.dataDirectory, "volumes", encodeURIComponent(name));
      await deps.runtime.closeVolumes(volumes);
      await rm(volumes, { recursive: true, force: true });
      if (environment.branch !== null) await deps.repositories.deleteHead(environment.app, environment.branch);
      for (const id of forgetRows(environment)) deps.journal.remove(id);
    });
  };

  /** Answers the ids of its deployments. */
  const forgetRows = (environment: EnvironmentRecord): readonly number[] =>
    store.transaction(() => {
      deps.notifier.environment("destroyed", environment);
      store.apps.deleteEnvironment(environment.name);
      return store.deployments.deleteFor(environment.name);
    });

  return {
    ensureApp,
    async createApp(name, actor) {
      if (store.apps.app(name) !== null)
        throw new PushboatError({
          code: "app/exists",
          message: `there is an app called ${name} already`,
          hint: `See \`apps:info ${name}\`.`,
        });
      await ensureApp(name, actor.identity);
      return summarizeApp(name);
    },
    async destroyApp(name, actor) {
      requireApp(deps, name);
      store.access.audit(actor.identity, "apps:destroy", name, deps.now());
      for (const environment of [...store.apps.environments(name)].reverse()) await destroy(environment);
      store.apps.deleteApp(name);
      await deps.repositories.remove(name);
      // What was destroyed shall be gone, not wait for its place to be needed.
      await deps.builder.sweep(keptImages(deps), 0);
    },
    apps: () => Promise.resolve(store.apps.apps().map(({ name }) => summarizeApp(name))),
    async app(name) {
      return summarizeApp(name);
    },
    async setAppSetting(name, key, value, actor) {
      requireApp(deps, name);
      checkSetting(key, value);
      if (key === "production-branch") setProductionBranch(name, value === null ? null : parseBranchName(value));
      else store.apps.setSetting(name, key, value);
      store.access.audit(actor.identity, "apps:set", `${name} ${key}=${value ?? ""}`, deps.now());
      // Some are the router's: force-https, hsts.
      await routes.publishNew();
    },
    async environments(app) {
      requireApp(deps, app);
      return store.apps.environments(app).map((environment) => summarize(deps, environment));
    },
    async destroyEnvironment(target, actor: Actor) {
      const environment = requireEnvironment(deps, target);
      if (environment.branch === null) {
        throw new PushboatError({
          code: "environment/production",
          message: `${target.name} is production`,
          hint: `To remove the whole app: apps:destroy ${target.app}`,
        });
      }
      store.access.audit(actor.identity, "envs:destroy", target.name, deps.now());
      await destroy(environment);
    },
    async destroyEnding() {
      await Promise.all(store.apps.environments().flatMap((environment) => (environment.ending ? [destroy(environment)] : [])));
    },
    async destroyBranch(app, branch, identity) {
      const environment = store.apps.environment(environmentName(app, branch));
      store.access.audit(identity, "push:delete", environmentName(app, branch), deps.now());
      if (environment !== null) await destroy(environment);
      else await deps.repositories.deleteHead(app, branch);
    },
  };
}

export function keptImages({ store }: Pick<Deps, "store">): readonly string[] {
  const open = store.deployments
    .open()
    .flatMap(({ imageDigest, payload }) => [imageDigest, payload.image?.digest ?? null].filter((digest) => digest !== null));
  return [...store.releases.imageDigests(), ...open];
}

function summarize(deps: Deps, environment: EnvironmentRecord): EnvironmentSummary {
  const domains = deps.store.apps.hosts(environment.name).filter(({ kind }) => kind === "domain");
  const release = environment.currentRelease === null ? null : deps.store.releases.release(environment.name, environment.currentRelease);
  const production = environment.branch === null;
  return {
    name: environment.name,
    branch: production ? (deps.store.apps.app(environment.app)?.productionBranch ?? null) : environment.branch,
    production,
    url: environmentUrl(deps.settings, environment),
    hosts: [environmentHost(deps.settings, environment), ...domains.map(({ host }) => host as HostName)],
    release: environment.currentRelease,
    commit: release?.commit ?? null,
    state: environmentState(deps, environment),
    reason: environment.asleep
      ? null
      : environmentReason(deps.runtime.instances(environment.name).filter(({ revision }) => revision === environment.revision)),
    maintenance: environment.maintenance,
    createdMs: environment.createdMs,
    expiresMs: expiresMs(deps, environment),
    protected: deps.store.apps.password(environment.name) !== null,
  };
}

function environmentState(deps: Deps, environment: EnvironmentRecord): EnvironmentSummary["state"] {
  if (deps.store.deployments.open(environment.name).length > 0) return "deploying";
  if (environment.currentRelease === null) return "empty";
  if (environment.maintenance) return "maintenance";
  const instances = deps.runtime.instances(environment.name).filter((instance) => instance.revision === environment.revision);
  const formation = deps.store.releases.formation(environment.name);
  const web = quantityOf(WEB, formation);
  if (web > 0 && stoppedIndexes(deps.store.releases.stops(environment.name), WEB, web).length === web) return "stopped";
  if (environment.asleep) return "asleep";
  if (web === 0 && instances.length === 0) return "scaled-to-zero";
  if (instances.length > 0 && instances.every((instance) => instance.state === "up")) return "up";
  return instances.some((instance) => instance.state === "up") ? "degraded" : "crashed";
}

/** A script that hangs must not keep an environment alive. */
const PREDESTROY_TIMEOUT_MS = 5 * 60_000;

/** app.json's pr-predestroy, in the image that is current; its failure is logged and stops nothing. */
async function runPredestroy(deps: Deps, environment: EnvironmentRecord): Promise<void> {
  const command = currentManifest(deps, environment).predestroy;
  if (command === null || environment.currentRelease === null) return;
  const log = (text: string): void => deps.runtime.writeLog(environment.name, "pushboat[api]", text);
  try {
    const onEvent: EventSink = (event) => event.kind === "output" && log(`pr-predestroy: ${event.text}`);
    const signal = AbortSignal.timeout(PREDESTROY_TIMEOUT_MS);
    const exitCode = await runScript(deps, await currentWorkload(deps, environment), {
      size: oneOffSize(deps.settings, environment, "predestroy", currentManifest(deps, environment)),
      name: "predestroy",
      command,
      onEvent,
      signal,
    });
    log(`pr-predestroy exited with ${exitCode}`);
  } catch (error) {
    deps.log.warn({ err: error, environment: environment.name }, "pr-predestroy failed");
  }
}
