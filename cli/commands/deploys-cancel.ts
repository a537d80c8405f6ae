/** deploys:cancel: ends a deployment that has not committed yet. */
import { type Deployment, PushboatError } from "../../core/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { DEPLOYMENT_SHAPE, deploymentJson } from "../json-forms.ts";
import { parseDeploymentId } from "../numbers.ts";

export const deploysCancel: PlainCommand = {
  name: "deploys:cancel",
  summary: "Cancel a deployment; what serves now serves on",
  target: "none",
  words: [{ name: "ID", description: "its number, as `deploys` shows it", required: true }],
  examples: ["deploys:cancel 42"],
  json: DEPLOYMENT_SHAPE,
  prepare: ({ words }) => {
    const id = parseDeploymentId(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Cancelling deployment ${id}`);
      const deployment = await control.cancelDeployment(id, actor);
      if (deployment.state !== "cancelled") throw tooLate(deployment);
      progress.done();
      return result(deploymentJson(deployment));
    };
  },
};

function tooLate({ id, state, environment }: Deployment): PushboatError {
  return new PushboatError({
    code: "deploy/too-late",
    message: `Deployment ${id} was not cancelled in time: it is ${state}`,
    hint: state === "live" ? `To go back: rollback ${environment}` : `See \`deploys ${environment}\`.`,
  });
}
