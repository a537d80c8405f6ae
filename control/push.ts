/** What a push does: each branch becomes a deployment of its environment; its output and outcome go back to the client. */
import {
  type AppName,
  type BranchName,
  type CommitId,
  type DeployEvent,
  duration,
  type EnvironmentName,
  environmentName,
  type Identity,
  PushboatError,
  type PushHandler,
  type PushRequest,
  quote,
  type RefOutcome,
  renderEvent,
  requirePermission,
} from "../core/index.ts";
import type { HostCertificateSummary } from "./api.ts";
import { ensureEnvironment } from "./branch-environments.ts";
import type { Deps } from "./deps.ts";
import { requireSpace } from "./disk-space.ts";
import type { Operations } from "./operations.ts";
import { createSummary, describeEnvironment, explainFailure } from "./push-output.ts";
import { type PushStep, planUpdates } from "./push-plan.ts";
import { troubleOf } from "./tls/host-certificates.ts";
import { commandPrefix } from "./urls.ts";

const KNOWN_OPTIONS = new Set(["dry-run", "force", "no-cache", "skip-tests"]);

export interface PushDeps {
  readonly deps: Deps;
  readonly operations: Operations;
  readonly destroyBranch: (app: AppName, branch: BranchName, identity: Identity) => Promise<void>;
  readonly ensureApp: (app: AppName, identity: Identity) => Promise<void>;
  readonly certificates: () => readonly HostCertificateSummary[];
}

export function createPushHandler({ deps, operations, destroyBranch, ensureApp, certificates }: PushDeps): PushHandler {
  const deleteBranch = async (push: PushRequest, branch: BranchName): Promise<void> => {
    requirePermission(push.identity, "deploy", { kind: "environment", app: push.app, branch });
    if (deps.store.apps.app(push.app)?.productionBranch === branch) {
      throw new PushboatError({
        code: "push/delete-production",
        message: `${branch} is the production branch of ${push.app} and is not deleted by a push`,
        hint: `To remove the whole app: ${commandPrefix(deps.settings)} apps:destroy ${push.app}`,
      });
    }
    if (isDryRun(push)) return push.progress(`-----> Dry run: ${environmentName(push.app, branch)} would be destroyed\n`);
    push.progress(`-----> Destroying ${environmentName(push.app, branch)}\n`);
    await destroyBranch(push.app, branch, push.identity);
    push.progress("       gone: instances, routes, config, releases\n");
  };

  const deploy = async (
    push: PushRequest,
    { update, branch, production }: DeployStep,
    onSubmitted: (id: number) => void,
  ): Promise<void> => {
    requirePermission(push.identity, "deploy", { kind: "environment", app: push.app, branch });
    if (production) requireMayChooseProduction(deps, push, branch);
    const commit = update.newCommit as CommitId;
    if (isDryRun(push)) return await forecast(push, environmentName(push.app, production ? null : branch), commit);
    const environment = await ensureEnvironment(deps, push.app, production ? null : branch);
    const skipTests = push.options.includes("skip-tests");
    const deployment = operations.submit({
      app: push.app,
      environment,
      branch,
      kind: "push",
      commit,
      oldCommit: update.oldCommit,
      payload: { noCache: push.options.includes("no-cache"), skipTests, force: push.options.includes("force"), production },
      description: `Deploy ${commit.slice(0, 7)}${skipTests ? " (tests skipped)" : ""}`,
      by: push.identity.name,
    });
    deps.store.access.audit(push.identity, "push", `${environment} ${commit}`, deps.now());
    onSubmitted(deployment.id);
    push.progress(`-----> Deployment ${deployment.id}: ${branch} at ${commit.slice(0, 7)} to ${environment}\n`);
    const summary = createSummary();
    const onEvent = (event: DeployEvent): void => {
      summary.add(event);
      for (const line of renderEvent(event)) push.progress(`${line}\n`);
    };
    // The client's going away ends the transport, never the deploy: so this waits for the deployment, not for the client.
    const ended = await operations.follow(deployment.id, onEvent, new AbortController().signal);
    if (ended.state !== "live") throw operations.failure(ended);
    push.progress(`-----> Live: v${ended.release} of ${environment} in ${duration(deps.now() - deployment.createdMs)}\n`);
    for (const line of summary.lines()) push.progress(`       ${line}\n`);
    const record = deps.store.apps.environment(environment);
    if (record !== null) for (const line of describeEnvironment(deps, record)) push.progress(`       ${line}\n`);
    for (const trouble of certificateTroubles(environment)) push.progress(` !     ${trouble}\n`);
  };
  const certificateTroubles = (environment: EnvironmentName): readonly string[] =>
    certificates()
      .filter((each) => each.environment === environment)
      .flatMap((each) => troubleOf(each, deps.now()) ?? []);

  const forecast = async (push: PushRequest, environment: EnvironmentName, commit: CommitId): Promise<void> => {
    const record = deps.store.apps.environment(environment);
    const current = record?.currentRelease ?? null;
    const { lines } = await deps.builder.forecast({
      app: push.app,
      environment,
      repository: deps.repositories.path(push.app),
      commit,
      previousCommit: current === null ? null : (deps.store.releases.release(environment, current)?.commit ?? null),
      noCache: push.options.includes("no-cache"),
      onEvent: (event) => {
        for (const line of renderEvent(event)) push.progress(`${line}\n`);
      },
      signal: new AbortController().signal,
    });
    for (const line of lines) push.progress(`       ${line}\n`);
    push.progress("-----> Dry run: nothing was built, started or changed (the branch was not moved either)\n");
  };

  return {
    judge(push) {
      const unknown = push.options.find((option) => !KNOWN_OPTIONS.has(option));
      if (unknown === undefined) return Promise.resolve(null);
      return Promise.resolve(`push option ${quote(unknown)} is not known; there are: ${[...KNOWN_OPTIONS].join(", ")}`);
    },
    async prepareRepository(app) {
      requireSpace(deps.settings.dataDirectory);
      if (deps.store.apps.app(app) === null && !deps.settings.createOnPush) {
        throw new PushboatError({
          code: "app/unknown",
          message: `there is no app called ${app}`,
          hint: `Make it first: ${commandPrefix(deps.settings)} apps:create ${app}`,
        });
      }
      await deps.repositories.ensure(app); // the app itself is made when something is really pushed
    },
    async receive(push) {
      if (!isDryRun(push)) await ensureApp(push.app, push.identity);
      const plan = planUpdates(push.updates, deps.store.apps.app(push.app)?.productionBranch ?? null);
      if (plan.newProduction !== null) push.progress(`-----> First push of ${push.app}: ${plan.newProduction} is its production branch\n`);
      const outcomes: RefOutcome[] = [];
      for (const step of plan.steps) {
        if (step.kind === "refuse") {
          outcomes.push({ ref: step.ref, ok: false, reason: step.reason });
          continue;
        }
        const { ref } = step.update;
        let deployment: number | null = null;
        try {
          if (step.kind === "delete") await deleteBranch(push, step.branch);
          else await deploy(push, step, (id) => (deployment = id));
          outcomes.push({ ref, ok: true });
        } catch (thrown) {
          outcomes.push({ ref, ok: false, reason: explainFailure(deps, push, { step, deployment }, thrown) });
        }
      }
      return outcomes;
    },
  };
}

type DeployStep = Extract<PushStep, { kind: "deploy" }>;

const isDryRun = (push: PushRequest): boolean => push.options.includes("dry-run");

/** A key for `feature/*` would otherwise make its branch production with the first push, and see the config that was set for that. */
function requireMayChooseProduction({ store }: Pick<Deps, "store">, { app, identity }: PushRequest, branch: BranchName): void {
  if (identity.branches === undefined || identity.branches === branch || store.apps.app(app)?.productionBranch === branch) return;
  if (branch === "main" || branch === "master") return;
  throw new PushboatError({
    code: "access/denied",
    message: `${identity.name} may not do this: the first push of ${app} makes ${branch} its production branch, and this key is for branches like ${identity.branches}`,
    hint: "Push main first, with a key that is not limited to branches.",
  });
}
