/** deploys:retry: the last push that failed or was cancelled, once more. */
import { type EnvironmentCommand, result } from "../command.ts";
import { DEPLOYMENT_SHAPE, deploymentJson } from "../json-forms.ts";
import { ensureLive } from "../outcome.ts";

export const deploysRetry: EnvironmentCommand = {
  name: "deploys:retry",
  summary: "Deploy the last failed or cancelled push again",
  details: "For when git has nothing to push any more: the commit is on the server already.",
  target: "environment",
  words: [],
  examples: ["deploys:retry blog"],
  json: DEPLOYMENT_SHAPE,
  prepare:
    ({ target }) =>
    async ({ control, actor, progress }) => {
      progress.begin(`Deploying ${target.name} again`);
      const deployment = await control.retryDeployment(target, actor);
      ensureLive(deployment);
      progress.done(deployment.release === null ? "done" : `done, v${deployment.release}`);
      return result(deploymentJson(deployment));
    },
};
