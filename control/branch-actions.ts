/** Environments by command: made from a commit, another environment or a release; kept; promoted; compared. */
import { type Config, type Manifest, mergeConfig, PushboatError, type SourcedValue } from "../core/index.ts";
import type { Actor, Control, EnvironmentDiff, Outcome, Target } from "./api.ts";
import { createPassword, ensureEnvironment } from "./branch-environments.ts";
import type { Deps } from "./deps.ts";
import { configSources, currentManifest, manifestAt } from "./environment-config.ts";
import { requireApp, requireEnvironment, requireRelease } from "./find.ts";
import type { Operations } from "./operations.ts";
import { perform } from "./release-actions.ts";
import type { RouteFeed } from "./route-feed.ts";
import type { EnvironmentRecord, ReleaseRecord } from "./store/index.ts";

type BranchActions = Pick<
  Control,
  "configSources" | "shareKeys" | "createEnvironment" | "keepEnvironment" | "promote" | "diffEnvironments" | "protectEnvironment"
>;

const COMMITS_SHOWN = 20;
export function createBranchActions(deps: Deps, operations: Operations, routes: RouteFeed): BranchActions {
  const { store } = deps;
  const audit = (actor: Actor, action: string, target: string) => store.access.audit(actor.identity, action, target, deps.now());

  /** Releases an image that is there in another environment, with that environment's config: no rebuild. */
  const releaseImage = async (
    source: ReleaseRecord,
    to: Target,
    description: string,
    actor: Actor,
    sizes: Readonly<Record<string, number>> = {},
  ): Promise<Outcome> => {
    const environment = requireEnvironment(deps, to);
    const manifest = await manifestFor(deps, environment, source);
    return await perform({ deps, operations }, to, actor, {
      kind: "promote",
      commit: source.commit,
      payload: { image: { digest: source.imageDigest, manifest }, sizes },
      description,
    });
  };

  return {
    async configSources(target) {
      const environment = requireEnvironment(deps, target);
      return sourcedConfig(deps, environment);
    },
    async shareKeys(app, keys, shared, actor) {
      requireApp(deps, app);
      for (const key of keys) store.apps.setShared(app, key, shared);
      audit(actor, shared ? "config:share" : "config:unshare", `${app} ${keys.join(" ")}`);
    },
    async createEnvironment(target, from, actor) {
      const { productionBranch } = requireApp(deps, target.app);
      if (target.branch === null || target.branch === productionBranch)
        throw new PushboatError({
          code: "environment/production",
          message: `${target.name} is production`,
          hint: `Name a branch: envs:create ${target.app}@BRANCH`,
        });
      if (store.apps.environment(target.name) !== null)
        throw new PushboatError({
          code: "environment/exists",
          message: `there is ${target.name} already`,
          hint: `See \`envs ${target.app}\`.`,
        });
      const source = await findSource(deps, target, from);
      await ensureEnvironment(deps, target.app, target.branch);
      await routes.publishNew();
      if (source.kind === "release") {
        const sizes = store.releases.sizes(source.release.environment);
        return await releaseImage(source.release, target, `Create from ${source.title}`, actor, sizes);
      }
      return await perform({ deps, operations }, target, actor, {
        kind: "push",
        commit: source.commit,
        oldCommit: await deps.repositories.head(target.app, target.branch),
        payload: {},
        description: `Deploy ${source.commit.slice(0, 7)}`,
      });
    },
    async keepEnvironment(target, kept, actor) {
      const environment = requireEnvironment(deps, target);
      if (environment.branch === null)
        throw new PushboatError({
          code: "environment/production",
          message: `${target.name} is production, which has no end`,
          hint: `Name a branch: envs:keep ${target.app}@BRANCH`,
        });
      store.apps.setKept(environment.name, kept);
      audit(actor, "envs:keep", `${target.name} ${kept ? "on" : "off"}`);
    },
    async promote(from, to, actor) {
      const source = requireRelease(deps, requireEnvironment(deps, from));
      if (from.name === to.name)
        throw new PushboatError({ code: "promote/same", message: `${from.name} is both`, hint: `promote ${from.app}@staging ${from.app}` });
      if (from.app !== to.app)
        throw new PushboatError({
          code: "promote/other-app",
          message: `${from.app} and ${to.app} are different apps`,
          hint: "Promote between environments of one app.",
        });
      return await releaseImage(source, to, `Promote ${from.name} v${source.number}`, actor);
    },
    async diffEnvironments(left, right): Promise<EnvironmentDiff> {
      const [a, b] = [requireEnvironment(deps, left), requireEnvironment(deps, right)];
      const [releaseA, releaseB] = [requireRelease(deps, a), requireRelease(deps, b)];
      return {
        onlyLeft: await commits(deps, a, releaseB, releaseA),
        onlyRight: await commits(deps, a, releaseA, releaseB),
        config: diffConfig(releaseA.config, releaseB.config),
        formation: { left: store.releases.formation(a.name), right: store.releases.formation(b.name) },
        layers: await diffLayers(deps, releaseA, releaseB),
      };
    },
    async protectEnvironment(target, on, actor) {
      const environment = requireEnvironment(deps, target);
      const password = on ? createPassword() : null;
      store.apps.setPassword(environment.name, password);
      audit(actor, "envs:protect", `${target.name} ${on ? "on" : "off"}`);
      await routes.publishNew();
      return { user: target.app, password };
    },
  };
}

function sourcedConfig(deps: Deps, environment: EnvironmentRecord): Readonly<Record<string, SourcedValue>> {
  const sources = configSources(deps, environment, currentManifest(deps, environment), deps.store.apps.config(environment.name));
  return mergeConfig({ ...sources, generated: deps.store.apps.generated(environment.name) });
}

async function manifestFor(deps: Deps, environment: EnvironmentRecord, source: ReleaseRecord): Promise<Manifest> {
  return source.commit === null ? source.manifest : await manifestAt(deps, environment, source.commit);
}

type Source =
  | { readonly kind: "release"; readonly release: ReleaseRecord; readonly title: string }
  | { readonly kind: "commit"; readonly commit: NonNullable<ReleaseRecord["commit"]> };

async function findSource(deps: Deps, target: Target, from: Parameters<Control["createEnvironment"]>[1]): Promise<Source> {
  if (from.kind === "environment") {
    const release = requireRelease(deps, requireEnvironment(deps, from.environment));
    return { kind: "release", release, title: `${from.environment.name} v${release.number}` };
  }
  if (from.kind === "release") {
    const production = requireEnvironment(deps, { app: target.app, branch: null, name: target.app as unknown as Target["name"] });
    const release = deps.store.releases.release(production.name, from.release);
    if (release === null || release.state === "failed")
      throw new PushboatError({
        code: "release/unknown",
        message: `${target.app} has no release v${from.release}`,
        hint: `See \`releases ${target.app}\`.`,
      });
    return { kind: "release", release, title: `${target.app} v${from.release}` };
  }
  const commit = await deps.repositories.resolve(target.app, from.word);
  if (commit === null)
    throw new PushboatError({
      code: "environment/from",
      message: `${from.word} names no commit of ${target.app}, and no environment`,
      hint: `Give a commit or branch that was pushed, or an environment: \`envs ${target.app}\`.`,
    });
  return { kind: "commit", commit };
}

async function commits(deps: Deps, environment: EnvironmentRecord, from: ReleaseRecord, to: ReleaseRecord): Promise<readonly string[]> {
  if (from.commit === null || to.commit === null || from.commit === to.commit) return [];
  return await deps.repositories.commitsBetween(environment.app, from.commit, to.commit, COMMITS_SHOWN);
}

/** Keys only: values are nobody's business here. */
export function diffConfig(left: Config, right: Config): EnvironmentDiff["config"] {
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  return {
    onlyLeft: keys.filter((key) => right[key] === undefined),
    onlyRight: keys.filter((key) => left[key] === undefined),
    different: keys.filter((key) => left[key] !== undefined && right[key] !== undefined && left[key] !== right[key]),
  };
}

async function diffLayers(deps: Deps, left: ReleaseRecord, right: ReleaseRecord): Promise<EnvironmentDiff["layers"]> {
  const [a, b] = await Promise.all([deps.builder.image(left.imageDigest), deps.builder.image(right.imageDigest)]);
  const titles = [...new Set([...(a?.layers ?? []), ...(b?.layers ?? [])].map(({ title }) => title))];
  const find = (image: typeof a, title: string) => image?.layers.find((layer) => layer.title === title);
  return await Promise.all(
    titles.map(async (title) => {
      const [one, other] = [find(a, title), find(b, title)];
      const bytes = async (layer: typeof one) => (layer === undefined ? null : await deps.builder.layerBytes(layer));
      return { title, same: one?.id === other?.id, leftBytes: await bytes(one), rightBytes: await bytes(other) };
    }),
  );
}
