/** Looking things up, with the error a user can act on. */
import { type AppName, PushboatError } from "../core/index.ts";
import type { Target } from "./api.ts";
import type { Deps } from "./deps.ts";
import type { EnvironmentRecord, ReleaseRecord } from "./store/index.ts";

export function requireApp({ store }: Pick<Deps, "store">, name: AppName) {
  const app = store.apps.app(name);
  if (app === null)
    throw new PushboatError({
      code: "app/unknown",
      message: `there is no app called ${name}`,
      hint: `See \`apps\`. A first push makes it, or \`apps:create ${name}\`.`,
    });
  return app;
}

export function requireEnvironment(deps: Pick<Deps, "store">, target: Target): EnvironmentRecord {
  requireApp(deps, target.app);
  const environment = deps.store.apps.environment(target.name);
  if (environment === null) {
    throw new PushboatError({
      code: "environment/unknown",
      message: `there is no environment called ${target.name}`,
      hint: `See \`envs ${target.app}\`. A push of the branch makes it: git push pushboat ${target.branch}`,
    });
  }
  return environment;
}

export function requireRelease(deps: Pick<Deps, "store">, environment: EnvironmentRecord): ReleaseRecord {
  const release = environment.currentRelease === null ? null : deps.store.releases.release(environment.name, environment.currentRelease);
  if (release === null) {
    throw new PushboatError({
      code: "release/none",
      message: `${environment.name} has no release yet`,
      hint: `Push first: git push pushboat ${environment.branch ?? "main"}`,
    });
  }
  return release;
}
