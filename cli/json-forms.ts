/** The documented JSON shapes of what several commands print; times are ISO 8601, absent values are null. */
import type { AppSummary, EnvironmentSummary, Outcome, RunSummary, VolumeSummary } from "../control/index.ts";
import type { Deployment, Release } from "../core/index.ts";
import { isoTime } from "./when.ts";

export const ENVIRONMENT_SHAPE =
  "{name, branch, production, url, hosts:[], release, commit, state, reason, maintenance, protected, created, expires}";

export function environmentJson(environment: EnvironmentSummary): unknown {
  const { createdMs, name, branch, production, url, hosts, release, commit, state, reason, maintenance, expiresMs } = environment;
  return {
    name,
    branch,
    production,
    url,
    hosts,
    release,
    commit,
    state,
    reason,
    maintenance,
    protected: environment.protected,
    created: isoTime(createdMs),
    expires: expiresMs === null ? null : isoTime(expiresMs),
  };
}

export const APP_SHAPE = `{name, created, productionBranch, settings:{KEY}, environments:[${ENVIRONMENT_SHAPE}]}`;

export function appJson(app: AppSummary): unknown {
  const { name, createdMs, productionBranch, settings, environments } = app;
  return { name, created: isoTime(createdMs), productionBranch, settings, environments: environments.map(environmentJson) };
}

export const RELEASE_SHAPE = "{release, description, commit, image, by, created, state}";

export function releaseJson(release: Release): unknown {
  const { number, description, commit, imageDigest, by, createdMs, state } = release;
  return { release: number, description, commit, image: imageDigest, by, created: isoTime(createdMs), state };
}

export const DEPLOYMENT_SHAPE = "{id, environment, kind, state, description, commit, by, created, finished, release, reason}";

export function deploymentJson(deployment: Deployment): unknown {
  const { id, environment, kind, state, description, commit, by, createdMs, finishedMs, release, reason } = deployment;
  const finished = finishedMs === null ? null : isoTime(finishedMs);
  return { id, environment, kind, state, description, commit, by, created: isoTime(createdMs), finished, release, reason };
}

/** Of a change that deploys: the release that is current now; null and null where nothing is deployed yet. */
export const OUTCOME_SHAPE = "{release, deployment}";

export function outcomeJson(outcome: Outcome): unknown {
  return { release: outcome.release, deployment: outcome.deployment?.id ?? null };
}

export const VOLUME_SHAPE = "{name, environment, mountedAt, bytes, limitBytes}";

export function volumeJson(volume: VolumeSummary): unknown {
  const { name, environment, mountedAt, bytes, limitBytes } = volume;
  return { name, environment, mountedAt, bytes, limitBytes };
}

/** Of `run --detach` and of cron jobs. */
export const RUN_SHAPE = "{id, name, job, command, release, by, due, started, ended, state, exitCode, reason}";

export function runJson(run: RunSummary): unknown {
  const { id, name, job, command, release, by, dueMs, startedMs, endedMs, state, exitCode, reason } = run;
  const time = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));
  return {
    id,
    name,
    job,
    command,
    release,
    by,
    due: time(dueMs),
    started: time(startedMs),
    ended: time(endedMs),
    state,
    exitCode,
    reason,
  };
}
