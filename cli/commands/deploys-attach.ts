/** deploys:attach: a deployment's output from its beginning, then live to its end. */
import { type PlainCommand, result } from "../command.ts";
import { DEPLOYMENT_SHAPE, deploymentJson } from "../json-forms.ts";
import { parseDeploymentId } from "../numbers.ts";
import { ensureLive } from "../outcome.ts";

export const deploysAttach: PlainCommand = {
  name: "deploys:attach",
  summary: "Follow a deployment, from its beginning to its end",
  details: "The exit code tells how it ended: 0 only where it went live.",
  target: "none",
  words: [{ name: "ID", description: "its number, as `deploys` shows it", required: true }],
  examples: ["deploys:attach 42"],
  json: DEPLOYMENT_SHAPE,
  prepare: ({ words }) => {
    const id = parseDeploymentId(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      const deployment = await control.attachDeployment(id, actor);
      ensureLive(deployment);
      progress.note(`Deployment ${id} is ${deployment.state}${deployment.release === null ? "" : ` as v${deployment.release}`}.`);
      return result(deploymentJson(deployment));
    };
  },
};
