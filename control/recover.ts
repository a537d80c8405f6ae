/**
 * Only forward from the commit point: finishes a deployment that was committed when something went wrong behind it, or when control
 * died. What stays impossible fails in the end, since it holds its environment meanwhile.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { asPushboatError, type EnvironmentName, PushboatError } from "../core/index.ts";
import { currentWorkload, isStranger } from "./current.ts";
import { type DeployContext, retire, rollForward } from "./deploy.ts";
import type { Deps } from "./deps.ts";
import { isUnwritableState } from "./disk-space.ts";
import type { DeploymentRecord, EnvironmentRecord } from "./store/index.ts";

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;
/** 40 s: a router that hangs, a git that fails. Each try may take long itself (the router's answer: 10 s). */
const TRIES = 10;
/** 3 s: an image that is missing does not come back by itself. */
const TRIES_WITHOUT_IMAGE = 5;

/** In the environment's lock. */
export async function finishCommitted(context: DeployContext, deployment: DeploymentRecord): Promise<void> {
  const { deps } = context;
  for (let failures = 0; ; ) {
    const environment = deps.store.apps.environment(deployment.environment);
    if (environment === null || environment.ending) return;
    try {
      await rollForward(context, deployment, await currentWorkload(deps, environment));
      retire(
        context,
        deps.runtime.instances(environment.name).filter((instance) => isStranger(deps, instance)),
      );
      return;
    } catch (error) {
      deps.log.error({ err: error, deployment: deployment.id }, "rolling forward failed, trying again");
      // Nor could the failure be written down: that is waited for.
      if (!isUnwritableState(error)) failures += 1;
      const delayMs = nextTryMs(failures, error);
      if (delayMs === null) throw givenUp(environment, failures, error);
      await sleep(delayMs);
    }
  }
}

/** The newest release before the current one whose image is there; null: what is current can run, or nothing else can. */
export async function releaseToGoBackTo({ store, builder }: Deps, name: EnvironmentName): Promise<number | null> {
  const current = store.apps.environment(name)?.currentRelease ?? null;
  const digest = current === null ? undefined : store.releases.release(name, current)?.imageDigest;
  if (current === null || digest === undefined || (await builder.image(digest)) !== null) return null;
  for (const { number, state, imageDigest } of store.releases.releases(name))
    if (state === "past" && number < current && (await builder.image(imageDigest)) !== null) return number;
  return null;
}

/** How long to wait after so many failures; null: no more tries. */
export function nextTryMs(failures: number, error: unknown): number | null {
  const tries = error instanceof PushboatError && error.code === "release/image-missing" ? TRIES_WITHOUT_IMAGE : TRIES;
  return failures >= tries ? null : Math.min(FIRST_DELAY_MS * 2 ** Math.max(0, failures - 1), MAX_DELAY_MS);
}

function givenUp({ name, currentRelease }: EnvironmentRecord, tries: number, cause: unknown): PushboatError {
  return new PushboatError({
    code: "deploy/not-brought-live",
    message: `v${currentRelease} was committed but could not be brought live in ${tries} tries: ${asPushboatError(cause).message}`,
    hint: `Push again, or go back to a release that works: \`releases ${name}\`, \`rollback ${name}\`.`,
    kind: "platform",
    cause,
  });
}
