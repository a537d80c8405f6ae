/** Changes that make something current: config, scale, restart, rollback; and the deployments themselves. */
import {
  applyConfig,
  type DeployEvent,
  type Deployment,
  type EnvironmentName,
  type EventSink,
  isFinal,
  PushboatError,
  scaleWord,
} from "../core/index.ts";
import type { Actor, Control, Outcome, Target } from "./api.ts";
import { scaled } from "./candidate.ts";
import type { Deps } from "./deps.ts";
import { requireEnvironment, requireRelease } from "./find.ts";
import type { OperationRequest, Operations } from "./operations.ts";
import type { Payload } from "./store/index.ts";

type ReleaseActions = Pick<
  Control,
  | "config"
  | "changeConfig"
  | "scale"
  | "restart"
  | "releases"
  | "releaseOutput"
  | "rollback"
  | "deployments"
  | "cancelDeployment"
  | "attachDeployment"
  | "retryDeployment"
>;

export async function perform(
  { deps, operations }: { readonly deps: Deps; readonly operations: Operations },
  target: Target,
  actor: Actor,
  request: Pick<OperationRequest, "kind" | "payload" | "description" | "commit" | "oldCommit"> & Partial<Pick<OperationRequest, "branch">>,
): Promise<Outcome & { readonly deployment: Deployment }> {
  const deployment = operations.submit({
    app: target.app,
    environment: target.name,
    branch: target.branch,
    by: actor.identity.name,
    ...request,
  });
  deps.store.access.audit(actor.identity, request.kind, `${target.name}: ${request.description}`, deps.now());
  const ended = await operations.follow(deployment.id, withoutFailure(actor.onEvent), actor.disconnected);
  if (isFinal(ended.state) && ended.state !== "live") throw keptServing(deps, target, operations.failure(ended));
  return { release: ended.release, deployment: ended };
}

/** The caller gets the failure as an error: once is enough. */
function withoutFailure(onEvent: EventSink): EventSink {
  return (event) => {
    if (event.kind !== "failed") onEvent(event);
  };
}

/** Says that nothing was lost: the old release and the old config stay. */
function keptServing(deps: Deps, target: Target, error: PushboatError): PushboatError {
  const current = deps.store.apps.environment(target.name)?.currentRelease;
  const hint = [error.hint, current == null ? null : `v${current} still serves, with its config as it was.`].filter(Boolean).join("\n");
  return new PushboatError({ code: error.code, message: error.message, kind: error.kind, cause: error, hint });
}

export function createReleaseActions(deps: Deps, operations: Operations): ReleaseActions {
  const { store } = deps;
  const base = { deps, operations };

  /** In the lock: a first release that is on its way would write its own idea of the config over this. False: there is a release by now. */
  const changeUnreleased = (name: EnvironmentName, changes: NonNullable<Payload["config"]>): Promise<boolean> =>
    deps.exclusive.run(name, async () => {
      if (store.apps.environment(name)?.currentRelease !== null) return false;
      store.apps.setConfig(name, applyConfig(store.apps.config(name), changes));
      return true;
    });

  return {
    async config(target) {
      return store.apps.config(requireEnvironment(deps, target).name);
    },
    async changeConfig(target, changes, actor) {
      const environment = requireEnvironment(deps, target);
      applyConfig(store.apps.config(environment.name), changes); // refuses at once what would be too large
      const keys = Object.keys(changes).sort();
      const removed = keys.every((key) => changes[key] === null);
      const description = `${removed ? "Unset" : "Set"} ${keys.join(", ")} config vars`;
      if (environment.currentRelease === null && (await changeUnreleased(environment.name, changes))) {
        store.access.audit(actor.identity, "config", `${target.name}: ${description}`, deps.now());
        return { release: null, deployment: null };
      }
      return await perform(base, target, actor, { kind: "config", payload: { config: changes }, description });
    },
    async scale(target, changes, force, actor) {
      const environment = requireEnvironment(deps, target);
      const release = requireRelease(deps, environment);
      const image = await deps.builder.image(release.imageDigest);
      if (image !== null) scaled(image, store.releases.formation(environment.name), changes); // refuse at once what cannot be
      const description = `Scale ${changes.map(scaleWord).join(" ")}`;
      return await perform(base, target, actor, { kind: "scale", payload: { scale: changes, force }, description });
    },
    async restart(target, actor) {
      requireRelease(deps, requireEnvironment(deps, target));
      return await perform(base, target, actor, { kind: "restart", payload: {}, description: "Restart" });
    },

    async releases(target) {
      return store.releases.releases(requireEnvironment(deps, target).name);
    },
    async releaseOutput(target, number) {
      const release = store.releases.release(requireEnvironment(deps, target).name, number);
      if (release === null)
        throw new PushboatError({
          code: "release/unknown",
          message: `${target.name} has no release v${number}`,
          hint: `See \`releases ${target.name}\`.`,
        });
      const lines = deps.journal.events(release.deployment).filter((event) => event.kind === "output" && event.source === "release");
      return lines.map((event) => `${(event as DeployEvent & { kind: "output" }).text}\n`).join("");
    },
    async rollback(target, wanted, actor) {
      const environment = requireEnvironment(deps, target);
      const current = requireRelease(deps, environment);
      const releases = store.releases.releases(environment.name);
      const number = wanted ?? releases.find((release) => release.state === "past" && release.number < current.number)?.number;
      if (number === undefined) {
        throw new PushboatError({
          code: "release/nothing-before",
          message: `there is no release before v${current.number}`,
          hint: `See \`releases ${target.name}\`.`,
        });
      }
      if (number === current.number)
        throw new PushboatError({
          code: "release/is-current",
          message: `v${number} is current already`,
          hint: `See \`releases ${target.name}\`.`,
        });
      if (releases.some((release) => release.number > number && release.number <= current.number && release.ranReleaseCommand)) {
        actor.onEvent({ kind: "warning", text: `A release command ran since v${number}: what it changed (migrations) is not undone.` });
      }
      return await perform(base, target, actor, {
        kind: "rollback",
        payload: { rollbackTo: number },
        description: `Rollback to v${number}`,
      });
    },

    async deployments(target, limit) {
      return store.deployments.latest(requireEnvironment(deps, target).name, limit);
    },
    async cancelDeployment(id, actor) {
      const cancelled = operations.cancel(id);
      store.access.audit(actor.identity, "deploys:cancel", `${id}`, deps.now());
      return await operations.follow(cancelled.id, () => undefined, actor.disconnected);
    },
    attachDeployment: (id, actor) => operations.follow(id, actor.onEvent, actor.disconnected),
    async retryDeployment(target, actor): Promise<Deployment> {
      const environment = requireEnvironment(deps, target);
      const last = store.deployments.latestPush(environment.name);
      const ended = last?.state === "failed" || last?.state === "cancelled";
      // An older one that failed is history: to deploy it now would undo what was pushed since.
      if (!ended || last.branch === null || last.commit === null) {
        throw new PushboatError({
          code: "deploy/nothing-to-retry",
          message: `the last push to ${target.name} neither failed nor was cancelled`,
          hint: `See \`deploys ${target.name}\`.`,
        });
      }
      const { deployment } = await perform(base, target, actor, {
        kind: "push",
        branch: last.branch,
        commit: last.commit,
        oldCommit: await deps.repositories.head(target.app, last.branch),
        payload: { production: environment.branch === null },
        description: last.description,
      });
      return deployment;
    },
  };
}
