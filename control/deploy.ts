/**
 * The whole way of a deployment, from source to live. Each phase takes what the phase before made.
 *
 *   push -> image -> candidate -> release (pending) -> release command -> instances healthy
 *        -> COMMIT (current release, config, formation, route version) -> ref, routers acknowledge -> live -> old ones drained, stopped
 *
 * Config change, scale, rollback, restart and volumes come in at `candidate`; boot comes in after COMMIT (rollForward).
 */
import {
  asPushboatError,
  type CommitId,
  type Config,
  type Convergence,
  type EventSink,
  formatBytes,
  type Instance,
  type Phase,
  PushboatError,
  placesOf,
  RELEASE,
  requireKeys,
  WEB,
  type Workload,
} from "../core/index.ts";
import { createPassword, settingsOf } from "./branch-environments.ts";
import { type Candidate, prepareCandidate } from "./candidate.ts";
import type { Deps } from "./deps.ts";
import { configSources, manifestAt, plainConfig, testPhaseAt } from "./environment-config.ts";
import { makeWay } from "./make-way.ts";
import { runInImage, runScript } from "./one-off-script.ts";
import { requireMemory } from "./promises.ts";
import type { RouteFeed } from "./route-feed.ts";
import { oneOffSize } from "./sizes.ts";
import type { DeploymentRecord, EnvironmentRecord } from "./store/index.ts";
import { environmentUrl } from "./urls.ts";
import { makeWorkload } from "./workload.ts";

export interface DeployContext {
  readonly deps: Deps;
  readonly routes: RouteFeed;
  /** Reported to the pusher, the journal and the log. */
  readonly onEvent: EventSink;
  /** Cancellation; not looked at after the commit point. */
  readonly signal: AbortSignal;
}

/** A push's source as an image. Outside the environment's lock: nobody waits for somebody else's build. */
export async function buildPush({ deps, onEvent, signal }: DeployContext, push: DeploymentRecord): Promise<string> {
  await requireUnmoved(deps, push);
  if (push.commit === null) throw new Error(`deployment ${push.id} has no commit`);
  const environment = deps.store.apps.environment(push.environment);
  const config = environment === null ? {} : await requiredConfig(deps, environment, push.commit);
  const test = push.payload.skipTests === true ? null : await testPhaseAt(deps, push.app, push.commit);
  const image = await deps.builder.build({
    app: push.app,
    environment: push.environment,
    repository: deps.repositories.path(push.app),
    commit: push.commit,
    previousCommit: previousCommit(deps, push, environment?.currentRelease ?? null),
    ...(test === null ? {} : { test }),
    noCache: push.payload.noCache === true,
    config,
    logins: deps.store.registries.logins(push.app),
    onEvent,
    signal,
  });
  return image.digest;
}

/** Everything behind the image; in the environment's lock. Answers when the new state is live. */
export async function makeCurrent(context: DeployContext, operation: DeploymentRecord): Promise<void> {
  const { deps } = context;
  if (operation.kind === "push") await requireUnmoved(deps, operation);
  const candidate = await prepareCandidate(deps, operation);
  requireMemory(deps, candidate);
  const pending = openRelease(deps, candidate);
  try {
    await runReleaseCommand(context, pending);
    const converged = await startAndCommit(context, operation, pending);
    await rollForward(context, operation, converged.workload);
    retire(context, converged.convergence.surplus);
    await runPostdeploy(context, pending);
  } catch (error) {
    if (candidate.newRelease) deps.store.releases.markFailed(candidate.environment.name, pending.release);
    throw error;
  }
}

async function startAndCommit(context: DeployContext, operation: DeploymentRecord, pending: PendingRelease): Promise<Converged> {
  const way = await makeWay(context, pending.candidate.environment, pending.workload);
  try {
    const converged = await start(context, pending);
    try {
      if (operation.kind === "push") await requireUnmoved(context.deps, operation);
      context.signal.throwIfAborted(); // the last look: nothing is waited for between it and the commit
      commit(context, converged);
    } catch (error) {
      await converged.convergence.undo();
      throw error;
    }
    return converged;
  } catch (error) {
    await way.bringBack();
    throw error;
  }
}

interface PendingRelease {
  readonly candidate: Candidate;
  readonly release: number;
  readonly workload: Workload;
}

interface Converged extends PendingRelease {
  readonly convergence: Convergence;
}

function openRelease(deps: Deps, candidate: Candidate): PendingRelease {
  const { environment, operation } = candidate;
  const release = candidate.newRelease
    ? deps.store.releases.createPending({
        environment: environment.name,
        description: operation.description,
        commit: candidate.commit,
        imageDigest: candidate.image.digest,
        config: candidate.config,
        own: candidate.own,
        manifest: candidate.manifest,
        deployment: operation.id,
        by: operation.by,
        createdMs: deps.now(),
      })
    : (environment.currentRelease as number);
  if (candidate.newRelease) deps.store.deployments.setRelease(operation.id, release);
  return { candidate, release, workload: candidateWorkload(deps, candidate, release, newRevision(deps, candidate, release)) };
}

/** A release's own, the same one for scaling, a fresh one for everything that replaces instances: a name that was undone is never used again. */
function newRevision(deps: Deps, { environment, newRelease, newRevision }: Candidate, release: number): string {
  if (newRelease) return `${release}`;
  return newRevision ? `${release}.r${deps.store.releases.reserveRestart(environment.name)}` : (environment.revision ?? `${release}`);
}

function candidateWorkload(deps: Deps, candidate: Candidate, release: number, revision: string): Workload {
  const { environment } = candidate;
  const volumes = deps.store.resources.volumes(environment.name);
  return makeWorkload({
    settings: deps.settings,
    environment,
    release,
    revision,
    commit: candidate.commit,
    image: candidate.image,
    config: candidate.config,
    manifest: candidate.manifest,
    formation: candidate.formation,
    sizes: candidate.sizes,
    stops: candidate.stops,
    mounts: volumes.map(({ name, mountedAt, limitBytes }) => ({
      name,
      limitBytes,
      mountedAt: candidate.mounts[name] === undefined ? mountedAt : candidate.mounts[name],
    })),
    allowed: deps.store.resources.allowed(environment.name),
    url: environmentUrl(deps.settings, environment),
  });
}

/** Once, in the new image with the new config, before anything else starts (semantics.md, Release phase). */
async function runReleaseCommand(
  { deps, onEvent, signal }: DeployContext,
  { candidate, release, workload }: PendingRelease,
): Promise<void> {
  const definition = candidate.image.processes[RELEASE];
  if (!candidate.newRelease || definition === undefined) return;
  const finished = phase(onEvent, "release", `Running the release command: ${definition.command.join(" ")}`);
  deps.store.releases.markReleaseCommand(candidate.environment.name, release);
  const size = oneOffSize(deps.settings, candidate.environment, RELEASE, candidate.manifest);
  const result = await runInImage(deps, workload, { size, name: `release.${release}`, source: "release", definition, onEvent, signal });
  if (result.exitCode !== 0) {
    throw new PushboatError({
      code: "release/command-failed",
      message: result.outOfMemory
        ? `the release command ran out of memory (${formatBytes(size.memoryBytes)})`
        : `the release command exited with ${result.exitCode}`,
      hint: "Its output is above. Nothing was switched over.",
    });
  }
  finished();
}

/** It holds the environment's lock, and what is live cannot be cancelled: one that hangs must end by itself. */
const POSTDEPLOY_TIMEOUT_MS = 15 * 60_000;

/** app.json's postdeploy: once, after the first deploy. What it does cannot be undone, so its failure is told and nothing more. */
async function runPostdeploy({ deps, onEvent, signal }: DeployContext, { candidate, workload }: PendingRelease): Promise<void> {
  const command = candidate.manifest.postdeploy;
  if (candidate.current !== null || command === null) return;
  const finished = phase(onEvent, "postdeploy", `Running postdeploy: ${command}`);
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(POSTDEPLOY_TIMEOUT_MS)]);
    const exitCode = await runScript(deps, workload, {
      size: oneOffSize(deps.settings, candidate.environment, "postdeploy", candidate.manifest),
      name: "postdeploy",
      command,
      onEvent,
      signal: limited,
    });
    if (exitCode !== 0) onEvent({ kind: "warning", text: `postdeploy exited with ${exitCode}; the release is live all the same` });
  } catch (thrown) {
    onEvent({ kind: "warning", text: `postdeploy could not run: ${asPushboatError(thrown).message}; the release is live all the same` });
  }
  finished();
}

async function start({ deps, onEvent, signal }: DeployContext, pending: PendingRelease): Promise<Converged> {
  for (const { type, quantity } of pending.workload.processes) {
    const first = pending.candidate.current === null;
    if (first && quantity === 0 && type !== WEB)
      onEvent({ kind: "detail", text: `${type}=0 to begin with: ps:scale ${pending.workload.environment} ${type}=1` });
  }
  const { stops, environment } = pending.candidate;
  if (stops.length > 0) onEvent({ kind: "detail", text: `${stops.join(", ")} stopped, and stays so: ps:start ${environment.name}` });
  const wanted = pending.workload.processes.filter((process) => placesOf(process).length > 0);
  const finished = phase(
    onEvent,
    "start",
    `Starting ${wanted.map((process) => `${process.type}=${placesOf(process).length}`).join(" ") || "nothing (all types are scaled to 0 or stopped)"}`,
  );
  if (environment.asleep) deps.runtime.thaw(environment.name); // what goes on is to answer
  const convergence = await deps.runtime.converge(pending.workload, { onEvent, signal });
  finished();
  return { ...pending, convergence };
}

/** The commit point: one transaction. */
function commit({ deps, onEvent }: DeployContext, { candidate, release, workload }: Converged): void {
  const finished = phase(onEvent, "commit", "Making it current");
  deps.store.transaction(() => {
    deps.store.releases.commit({
      deployment: candidate.operation,
      environment: candidate.environment.name,
      release,
      revision: workload.revision,
      own: candidate.own,
      generated: candidate.generated,
      formation: candidate.formation,
      sizes: candidate.sizes,
      mounts: candidate.mounts,
      stops: candidate.stops,
    });
    if (wantsPassword(deps, candidate)) deps.store.apps.setPassword(candidate.environment.name, createPassword());
    if (candidate.operation.kind === "push") deps.store.apps.notePush(candidate.environment.name, deps.now());
    if (candidate.operation.payload.production === true)
      deps.store.apps.setProductionBranch(candidate.operation.app, candidate.operation.branch);
  });
  finished();
}

/** A branch environment that is to be protected gets its password with its first release, never without one in between. */
function wantsPassword(deps: Deps, { environment, current, manifest }: Candidate): boolean {
  if (environment.branch === null || current !== null || deps.store.apps.password(environment.name) !== null) return false;
  return manifest.protected || settingsOf(deps, environment.app).protectBranches;
}

/** Idempotent: also what boot does for a deployment that was committed when control died. */
export async function rollForward(
  { deps, routes, onEvent }: DeployContext,
  operation: DeploymentRecord,
  workload: Workload,
): Promise<void> {
  const finished = phase(onEvent, "route", "Routing to it");
  deps.runtime.keep(workload);
  await Promise.all([routes.publish(), moveRef(deps, operation)]);
  finished();
  noteLive(deps, operation);
}

/** With what is to be told of it in one transaction: killed in between, nobody would ever hear. */
function noteLive(deps: Deps, { id, environment, description, by }: DeploymentRecord): void {
  const live = deps.store.transaction(() => {
    const moved = deps.store.deployments.move(id, "live", { nowMs: deps.now() });
    const deployment = moved ? deps.store.deployments.get(id) : null;
    if (deployment !== null) deps.notifier.deployment(deployment);
    return deployment;
  });
  if (live !== null) deps.runtime.writeLog(environment, "pushboat[api]", `${description} by ${by}: v${live.release} is current`);
}

async function moveRef(deps: Deps, operation: DeploymentRecord): Promise<void> {
  if (operation.kind !== "push" || operation.branch === null || operation.commit === null) return;
  await deps.repositories.setHead(operation.app, operation.branch, operation.commit);
  if (operation.payload.production === true) await deps.repositories.setDefaultBranch(operation.app, operation.branch);
}

/** Old instances get no new requests any more; they end when their requests have, at the latest after the drain time. */
export function retire({ deps }: Pick<DeployContext, "deps">, surplus: readonly Instance[]): void {
  const addresses = surplus.flatMap(({ address }) => (address === null ? [] : [`${address.ip}:${address.port}`]));
  const work = async () => {
    if (addresses.length > 0) await deps.router.drained(addresses, deps.settings.drainTimeoutMs);
    await deps.runtime.stop(surplus);
  };
  if (surplus.length > 0) work().catch((error) => deps.log.error({ err: error }, "retiring instances failed"));
}

/** A push goes live only where the branch is still what its client saw (its old commit): otherwise it would undo somebody's work. */
async function requireUnmoved(deps: Deps, push: DeploymentRecord): Promise<void> {
  if (push.branch === null) return;
  const head = await deps.repositories.head(push.app, push.branch);
  if (head === push.oldCommit || head === push.commit) return;
  throw new PushboatError({
    code: "push/moved",
    message: `${push.branch} moved to ${head?.slice(0, 7) ?? "nothing"} while this push was on its way`,
    hint: "Fetch, merge or rebase, and push again.",
  });
}

/** The environment's config. A missing required key fails the push before anything is built. */
async function requiredConfig(deps: Deps, environment: EnvironmentRecord, commit: CommitId): Promise<Config> {
  const manifest = await manifestAt(deps, environment, commit);
  const config = plainConfig(configSources(deps, environment, manifest, deps.store.apps.config(environment.name)));
  requireKeys(manifest, config, environment.name);
  return config;
}

/** The app layer is built as a delta on this commit's; a new branch starts from production's. */
function previousCommit(deps: Deps, push: DeploymentRecord, currentRelease: number | null): DeploymentRecord["commit"] {
  if (currentRelease !== null) return deps.store.releases.release(push.environment, currentRelease)?.commit ?? null;
  const production = deps.store.apps.environments(push.app).find((environment) => environment.branch === null);
  if (production?.currentRelease === undefined || production.currentRelease === null) return null;
  return deps.store.releases.release(production.name, production.currentRelease)?.commit ?? null;
}

function phase(onEvent: EventSink, name: Phase, title: string): () => void {
  const startedMs = performance.now();
  onEvent({ kind: "phase-started", phase: name, title });
  return () => onEvent({ kind: "phase-finished", phase: name, durationMs: performance.now() - startedMs });
}
