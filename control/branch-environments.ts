/** Branch environments: made within the caps, with their password and their time to live. */
import { randomBytes } from "node:crypto";
import { type AppName, type BranchName, type EnvironmentName, environmentName, formatBytes, PushboatError } from "../core/index.ts";
import { type AppSettings, readSettings } from "./app-settings.ts";
import type { Deps } from "./deps.ts";
import { currentManifest } from "./environment-config.ts";
import { BRANCH_MEMORY_SHARE, promisedBytes } from "./promises.ts";
import { usualSize } from "./sizes.ts";
import type { EnvironmentRecord } from "./store/index.ts";

const OLDEST_SHOWN = 5;

/** 16 characters, base64url: 96 bits. */
const PASSWORD_BYTES = 12;

export function createPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString("base64url");
}

export function settingsOf({ store }: Pick<Deps, "store">, app: AppName): AppSettings {
  return readSettings(store.apps.settings(app));
}

/** Finds or makes; a new branch environment is refused over the caps, with the oldest ones named. One that is being destroyed is waited for. */
export async function ensureEnvironment(deps: Deps, app: AppName, branch: BranchName | null): Promise<EnvironmentName> {
  const name = environmentName(app, branch);
  if (deps.store.apps.environment(name)?.ending === true) await deps.exclusive.run(name, async () => undefined);
  if (deps.store.apps.app(app) === null) throw new PushboatError({ code: "environment/gone", message: `${app} was destroyed meanwhile` });
  if (deps.store.apps.environment(name) !== null) return name;
  if (branch !== null) requireRoom(deps, app);
  deps.store.apps.createEnvironment(app, branch, deps.now());
  const made = deps.store.apps.environment(name);
  if (made !== null) deps.notifier.environment("created", made);
  return name;
}

/** When a branch environment ends for want of a push; null: it does not. */
export function expiresMs(deps: Pick<Deps, "store">, environment: EnvironmentRecord): number | null {
  if (environment.branch === null || environment.kept) return null;
  const manifest = currentManifest(deps, environment);
  const ttlMs = manifest.ttlMs === undefined ? settingsOf(deps, environment.app).branchTtlMs : manifest.ttlMs;
  return ttlMs === null ? null : (environment.lastPushMs ?? environment.createdMs) + ttlMs;
}

function requireRoom(deps: Deps, app: AppName): void {
  const branches = deps.store.apps.environments().filter(({ branch }) => branch !== null);
  const ours = branches.filter((environment) => environment.app === app);
  const limit = settingsOf(deps, app).branchLimit;
  if (ours.length >= limit)
    throw full(`${app} has ${ours.length} branch environments, which is its limit`, ours, `apps:set ${app} branch-limit ${limit * 2}`);
  const promised = branches.reduce((sum, environment) => sum + promisedBytes(deps, environment), 0);
  const allowed = deps.settings.memoryBytes * BRANCH_MEMORY_SHARE;
  if (promised + usualSize(deps.settings, { branch: "any" }).memoryBytes > allowed) {
    throw full(
      `the branch environments are promised ${formatBytes(promised)} of this machine, of ${formatBytes(allowed)}`,
      branches,
      "ps:scale them down",
    );
  }
}

function full(message: string, environments: readonly EnvironmentRecord[], other: string): PushboatError {
  const age = (environment: EnvironmentRecord): number => environment.lastPushMs ?? environment.createdMs;
  const oldest = [...environments].sort((a, b) => age(a) - age(b)).slice(0, OLDEST_SHOWN);
  return new PushboatError({
    code: "environment/full",
    message,
    hint: [
      "Destroy what is not needed; longest without a push:",
      ...oldest.map(({ name }) => `  envs:destroy ${name}`),
      `or: ${other}`,
    ].join("\n"),
  });
}
