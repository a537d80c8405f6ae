/** One environment's summary, or the error that says what there is. */
import type { Control, EnvironmentSummary, Target } from "../control/index.ts";
import { PushboatError } from "../core/index.ts";

export async function findEnvironment(control: Control, target: Target): Promise<EnvironmentSummary> {
  const found = (await control.environments(target.app)).find(({ name }) => name === target.name);
  if (found !== undefined) return found;
  throw new PushboatError({
    code: "environment/unknown",
    message: `There is no environment ${target.name}`,
    hint: `\`envs ${target.app}\` lists what there is.`,
  });
}
