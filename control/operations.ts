/** Operations: accepted into the store, worked off by the queue, followed by whoever asked, cancelled, recovered. */
import { setTimeout as sleep } from "node:timers/promises";
import { asPushboatError, type Deployment, type EnvironmentName, type EventSink, isFinal, PushboatError } from "../core/index.ts";
import { buildPush, type DeployContext, makeCurrent } from "./deploy.ts";
import type { Deps } from "./deps.ts";
import { isUnwritableState, requireSpace } from "./disk-space.ts";
import { endUnsuccessfully, type UnsuccessfulEnd } from "./failed-deployment.ts";
import type { JobKind } from "./queue.ts";
import { finishCommitted, releaseToGoBackTo } from "./recover.ts";
import type { RouteFeed } from "./route-feed.ts";
import type { DeploymentRecord, Payload } from "./store/index.ts";

export interface OperationRequest {
  readonly app: Deployment["app"];
  readonly environment: EnvironmentName;
  readonly branch: Deployment["branch"];
  readonly kind: Deployment["kind"];
  readonly commit?: Deployment["commit"];
  readonly oldCommit?: Deployment["commit"];
  readonly payload: Payload;
  readonly description: string;
  readonly by: string;
}

export interface Operations {
  /** Writes the row; from then on it happens, whether its caller stays or not. A push replaces a waiting push to the same ref. */
  submit(request: OperationRequest): DeploymentRecord;
  /** In the environment's lock: what was committed when control died is brought live, or fails. */
  finishCommitted(deployment: DeploymentRecord): Promise<void>;
  /** Replays and follows the events to the end, or until the caller goes. */
  follow(id: number, onEvent: EventSink, signal: AbortSignal): Promise<DeploymentRecord>;
  /** Why it failed, with the hint, as long as this process remembers it. */
  failure(deployment: Deployment): PushboatError;
  cancel(id: number): DeploymentRecord;
  /** Cancels everything of an environment that is being destroyed: what is committed ends by itself. */
  cancelAll(environment: EnvironmentName): void;
  /** The queue's processor. */
  readonly work: Readonly<Record<JobKind, (environment: EnvironmentName) => Promise<void>>>;
  waiting(): Readonly<Record<JobKind, readonly EnvironmentName[]>>;
  wakeWith(wake: (kind: JobKind, environment: EnvironmentName) => void): void;
}

/** Why something was aborted by a user. */
const CANCELLED = new PushboatError({ code: "deploy/cancelled", message: "it was cancelled", hint: "Nothing was switched over." });
/** Failures remembered for their callers; older ones are told from the store. */
const MAX_FAILURES = 500;
const WRITE_AGAIN_MS = 1000;

export function createOperations(deps: Deps, routes: RouteFeed, released: (environment: EnvironmentName) => void): Operations {
  const aborts = new Map<number, AbortController>();
  const failures = new Map<number, PushboatError>();
  let wake: (kind: JobKind, environment: EnvironmentName) => void = () => undefined;
  const store = deps.store.deployments;

  const remember = (id: number, error: PushboatError): void => {
    failures.set(id, error);
    for (const old of failures.keys()) {
      if (failures.size <= MAX_FAILURES) break;
      failures.delete(old);
    }
  };
  const end = (deployment: DeploymentRecord, state: UnsuccessfulEnd, error: PushboatError): void => {
    remember(deployment.id, error);
    endUnsuccessfully(deps, deployment, state, error);
  };
  /** Its followers are told at once; with a full disk the state follows as soon as it can be written, and the environment waits for that. */
  const endWhenWritable = async (deployment: DeploymentRecord, state: UnsuccessfulEnd, error: PushboatError): Promise<void> => {
    for (;;) {
      try {
        return end(deployment, state, error);
      } catch (thrown) {
        if (!isUnwritableState(thrown)) throw thrown;
        deps.log.error({ err: thrown, deployment: deployment.id }, "the state cannot be written, trying again");
        deps.journal.finish(deployment.id);
        await sleep(WRITE_AGAIN_MS);
      }
    }
  };
  const attempt = async (deployment: DeploymentRecord, work: (context: DeployContext) => Promise<void>): Promise<void> => {
    const onEvent = deps.journal.sink(deployment.id);
    const abort = aborts.get(deployment.id) ?? new AbortController();
    aborts.set(deployment.id, abort);
    try {
      await work({ deps, routes, onEvent, signal: abort.signal });
    } catch (thrown) {
      const error = asPushboatError(abort.signal.aborted ? CANCELLED : thrown);
      if (error.kind === "platform") deps.log.error({ err: thrown, deployment: deployment.id }, "deployment failed");
      await endWhenWritable(deployment, error === CANCELLED ? "cancelled" : "failed", error);
    } finally {
      aborts.delete(deployment.id);
    }
  };

  const build = (deployment: DeploymentRecord) =>
    attempt(deployment, async (context) => {
      if (!store.move(deployment.id, "building", { nowMs: deps.now() })) return;
      const imageDigest = await buildPush(context, deployment);
      context.signal.throwIfAborted();
      store.move(deployment.id, "built", { nowMs: deps.now(), imageDigest });
    });
  const release = (deployment: DeploymentRecord) =>
    attempt(deployment, async (context) => {
      if (!store.move(deployment.id, "releasing", { nowMs: deps.now() })) return;
      try {
        await makeCurrent(context, deployment);
      } catch (error) {
        if (store.get(deployment.id)?.state !== "committed") throw error;
        deps.log.error({ err: error, deployment: deployment.id }, "a committed deployment is rolled forward");
        await finish(context, deployment);
      }
      deps.journal.finish(deployment.id);
      released(deployment.environment);
    });
  const finish = async (context: DeployContext, deployment: DeploymentRecord): Promise<void> => {
    try {
      await finishCommitted(context, deployment);
    } catch (error) {
      const source = await releaseToGoBackTo(deps, deployment.environment);
      if (source !== null) submit(goingBack(deployment, source));
      throw error;
    }
  };

  const submit: Operations["submit"] = (request) => {
    requireSpace(deps.settings.dataDirectory);
    if (deps.store.apps.environment(request.environment)?.ending !== false) throw gone(request.environment);
    const created = deps.store.transaction(() => {
      const replaced = request.kind === "push" ? store.waitingPushes(request.environment) : [];
      const deployment = store.create({ commit: null, oldCommit: null, ...request, createdMs: deps.now() });
      for (const old of replaced) {
        const error = new PushboatError({
          code: "deploy/superseded",
          message: `a newer push (${deployment.commit?.slice(0, 7)} by ${deployment.by}) took its place before it was built`,
        });
        end(old, "superseded", error);
      }
      return deployment;
    });
    wake(request.kind === "push" ? "builds" : "releases", request.environment);
    return created;
  };

  return {
    submit,
    finishCommitted: (deployment) =>
      attempt(deployment, async (context) => {
        await finish(context, deployment);
        deps.journal.finish(deployment.id);
      }),
    async follow(id, onEvent, signal) {
      const ended = () => {
        const deployment = store.get(id);
        return deployment === null || isFinal(deployment.state);
      };
      await deps.journal.follow(id, onEvent, ended, signal);
      const deployment = store.get(id);
      const failure = failures.get(id);
      // Gone with its environment, or its end cannot be written down yet.
      if (failure !== undefined && (deployment === null || !isFinal(deployment.state))) throw failure;
      if (deployment === null)
        throw new PushboatError({ code: "deploy/unknown", message: `there is no deployment ${id}`, hint: "See `deploys APP`." });
      return deployment;
    },
    failure: (deployment) =>
      failures.get(deployment.id) ??
      new PushboatError({
        code: "deploy/failed",
        message: deployment.reason ?? "it failed",
        hint: `See \`deploys:attach ${deployment.id}\`.`,
      }),
    cancel(id) {
      const deployment = store.get(id);
      if (deployment === null)
        throw new PushboatError({ code: "deploy/unknown", message: `there is no deployment ${id}`, hint: "See `deploys APP`." });
      if (isFinal(deployment.state) || deployment.state === "committed") {
        throw new PushboatError({
          code: "deploy/ended",
          message: `deployment ${id} cannot be cancelled: it is ${deployment.state}`,
          hint:
            deployment.state === "live" || deployment.state === "committed" ? `To go back: \`rollback ${deployment.environment}\`.` : "",
        });
      }
      const abort = aborts.get(id);
      if (abort !== undefined) abort.abort(CANCELLED);
      else end(deployment, "cancelled", CANCELLED);
      return store.get(id) ?? deployment;
    },
    cancelAll(environment) {
      for (const deployment of store.open(environment)) if (deployment.state !== "committed") this.cancel(deployment.id);
    },
    work: {
      async builds(environment) {
        for (let next = store.nextBuild(environment); next !== null; next = store.nextBuild(environment)) {
          await build(next);
          if (store.get(next.id)?.state === "built") wake("releases", environment);
        }
      },
      async releases(environment) {
        await deps.exclusive.run(environment, async () => {
          for (let next = store.nextRelease(environment); next !== null; next = store.nextRelease(environment)) await release(next);
        });
      },
    },
    waiting() {
      const open = store.open();
      const of = (wanted: (deployment: DeploymentRecord) => boolean) => [
        ...new Set(open.filter(wanted).map((deployment) => deployment.environment)),
      ];
      return {
        builds: of(({ kind, state }) => kind === "push" && state === "queued"),
        releases: of(({ kind, state }) => (kind === "push" ? state === "built" : state === "queued")),
      };
    },
    wakeWith(given) {
      wake = given;
    },
  };
}

/** What is current cannot run. The rollback is an operation like any other: everybody sees that it happened, and why. */
function goingBack(failed: DeploymentRecord, release: number): OperationRequest {
  return {
    app: failed.app,
    environment: failed.environment,
    branch: failed.branch,
    kind: "rollback",
    payload: { rollbackTo: release },
    description: `Rollback to v${release} (the image of what was current is missing)`,
    by: "pushboat",
  };
}

function gone(environment: EnvironmentName): PushboatError {
  return new PushboatError({ code: "environment/gone", message: `${environment} is being destroyed` });
}
