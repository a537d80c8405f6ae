/** What the pusher reads at the end: of a push that worked the times and the cache, of one that failed the three lines. */
import {
  asPushboatError,
  type DeployEvent,
  duration,
  environmentName,
  type PushboatError,
  type PushRequest,
  renderError,
} from "../core/index.ts";
import { expiresMs } from "./branch-environments.ts";
import type { Deps } from "./deps.ts";
import type { PushStep } from "./push-plan.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { commandPrefix, environmentUrl } from "./urls.ts";

export interface FailedStep {
  readonly step: Exclude<PushStep, { kind: "refuse" }>;
  /** null: it did not get as far as a deployment, whose events would have told the error already. */
  readonly deployment: number | null;
}

/** The error, then three lines: what failed and where to look; what still serves; what to type next. Answers git's one-line reason. */
export function explainFailure(deps: Deps, push: PushRequest, { step, deployment }: FailedStep, thrown: unknown): string {
  const error = asPushboatError(thrown);
  if (error.kind === "platform") deps.log.error({ err: thrown }, "push failed");
  if (deployment === null) for (const line of renderError(error)) push.progress(`${line}\n`);
  if (step.kind === "delete") return error.message;
  const environment = environmentName(push.app, step.production ? null : step.branch);
  const record = deps.store.apps.environment(environment);
  const prefix = commandPrefix(deps.settings);
  const what = deployment === null ? `The push to ${environment}` : `Deployment ${deployment} of ${environment}`;
  const look = deployment === null ? "" : `; the whole story: ${prefix} deploys:attach ${deployment}`;
  push.progress(` !     ${what} failed: ${oneLine(error.message)}\n`);
  push.progress(
    record?.currentRelease == null
      ? ` !     Nothing of ${environment} is live yet.\n`
      : ` !     v${record.currentRelease} still serves ${environmentUrl(deps.settings, record)}\n`,
  );
  push.progress(` !     Next: mend it, commit, and push again${look}\n`);
  return `${area(error)}: ${oneLine(error.message)}`;
}

/** `build failed`, `start failed`, ...: the part of the code before the slash. */
function area(error: PushboatError): string {
  const name = error.code.split("/")[0] ?? "deploy";
  return error.code === "deploy/superseded"
    ? "superseded"
    : error.code === "deploy/cancelled"
      ? "cancelled"
      : error.code === "push/moved"
        ? "stale"
        : `${name} failed`;
}

function oneLine(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}

/** Where it answers; for a branch also how long it lives and with which password. */
export function describeEnvironment(deps: Deps, environment: EnvironmentRecord): readonly string[] {
  const password = deps.store.apps.password(environment.name);
  const endsMs = expiresMs(deps, environment);
  return [
    environmentUrl(deps.settings, environment),
    ...(password === null ? [] : [`protected: user ${environment.app}, password ${password}`]),
    ...(endsMs === null ? [] : [`ends ${duration(endsMs - deps.now())} after its last push (envs:keep ${environment.name} keeps it)`]),
  ];
}

/** Times of the phases and what came from cache, for the end of a push that worked. */
export function createSummary(): { add(event: DeployEvent): void; lines(): readonly string[] } {
  const phases: { name: string; durationMs: number }[] = [];
  let reused = 0;
  const built: string[] = [];
  return {
    add(event) {
      if (event.kind === "phase-finished") phases.push({ name: event.phase, durationMs: event.durationMs });
      if (event.kind === "layer" && event.reused) reused += 1;
      if (event.kind === "layer" && !event.reused) built.push(`${event.title} (${event.reason})`);
    },
    lines: () => [
      phases.map(({ name, durationMs }) => `${name} ${duration(durationMs)}`).join(" | "),
      `layers: ${reused} reused${built.length === 0 ? "" : `, built: ${built.join(", ")}`}`,
    ],
  };
}
