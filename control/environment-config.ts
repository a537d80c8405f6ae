/** The config of an environment from its sources: what the commit says, generated secrets, shared keys of production, its own. */
import { randomBytes } from "node:crypto";
import {
  type AppName,
  type CommitId,
  type Config,
  type ConfigSources,
  EMPTY_MANIFEST,
  type EnvironmentName,
  environmentName,
  type Manifest,
  mergeConfig,
  readManifest,
  readTestPhase,
  type TestPhase,
} from "../core/index.ts";
import type { Deps } from "./deps.ts";
import { pagesAt } from "./own-pages.ts";
import type { EnvironmentRecord } from "./store/index.ts";

/** Heroku's `generator: "secret"`: 64 hex digits. */
const SECRET_BYTES = 32;

export async function manifestAt(deps: Pick<Deps, "repositories">, environment: EnvironmentRecord, commit: CommitId): Promise<Manifest> {
  const files = await deps.repositories.files(environment.app, commit, ["app.json", "pushboat.yml"]);
  const pushboatYml = files["pushboat.yml"] ?? null;
  const manifest = readManifest({ appJson: files["app.json"] ?? null, pushboatYml }, environment.branch);
  const pages = await pagesAt(deps, { app: environment.app, commit, pushboatYml });
  return pages === undefined ? manifest : { ...manifest, pages };
}

export async function testPhaseAt(deps: Pick<Deps, "repositories">, app: AppName, commit: CommitId): Promise<TestPhase | null> {
  const files = await deps.repositories.files(app, commit, ["app.json", "pushboat.yml"]);
  return readTestPhase({ appJson: files["app.json"] ?? null, pushboatYml: files["pushboat.yml"] ?? null });
}

export function currentManifest(deps: Pick<Deps, "store">, environment: EnvironmentRecord): Manifest {
  if (environment.currentRelease === null) return EMPTY_MANIFEST;
  return deps.store.releases.release(environment.name, environment.currentRelease)?.manifest ?? EMPTY_MANIFEST;
}

/** generated: with a fresh secret for each rule that has none yet. */
export function configSources(deps: Pick<Deps, "store">, environment: EnvironmentRecord, manifest: Manifest, own: Config): ConfigSources {
  const known = deps.store.apps.generated(environment.name);
  const missing = Object.entries(manifest.env).filter(([key, rule]) => rule.generated && rule.value === null && known[key] === undefined);
  const fresh = Object.fromEntries(missing.map(([key]) => [key, randomBytes(SECRET_BYTES).toString("hex")]));
  return { manifest, generated: { ...known, ...fresh }, shared: environment.branch === null ? {} : sharedConfig(deps, environment), own };
}

export function plainConfig(sources: ConfigSources): Config {
  return Object.fromEntries(Object.entries(mergeConfig(sources)).map(([key, { value }]) => [key, value]));
}

/** Production's values of the keys that were marked; never anything else of production. */
function sharedConfig({ store }: Pick<Deps, "store">, environment: EnvironmentRecord): Config {
  const keys = store.apps.sharedKeys(environment.app);
  if (keys.length === 0) return {};
  const production = store.apps.config(environmentName(environment.app, null) as EnvironmentName);
  return Object.fromEntries(keys.flatMap((key) => (production[key] === undefined ? [] : [[key, production[key]]])));
}
