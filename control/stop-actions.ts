/** ps:stop and ps:start: parts of the formation rest until their owner starts them again; one-offs end. */
import { withStarted, withStopped } from "../core/index.ts";
import type { Control, Target } from "./api.ts";
import type { Deps } from "./deps.ts";
import { requireEnvironment, requireRelease } from "./find.ts";
import type { Operations } from "./operations.ts";
import { perform } from "./release-actions.ts";
import { quantityOf } from "./workload.ts";

type StopActions = Pick<Control, "stop" | "start">;

export function createStopActions(deps: Deps, operations: Operations): StopActions {
  const { store } = deps;

  const formationOf = async (target: Target): Promise<Readonly<Record<string, number>>> => {
    const environment = requireEnvironment(deps, target);
    const image = await deps.builder.image(requireRelease(deps, environment).imageDigest);
    const formation = store.releases.formation(environment.name);
    const types = Object.keys(image?.processes ?? {}).filter((type) => type !== "release");
    return Object.fromEntries(types.map((type) => [type, quantityOf(type, formation)]));
  };

  return {
    async stop(target, name, actor) {
      const environment = requireEnvironment(deps, target);
      if (name !== null && deps.runtime.oneOffs(environment.name).some((one) => one.name === name)) {
        store.access.audit(actor.identity, "stop", `${target.name}: ${name}`, deps.now());
        await deps.runtime.endOneOff(environment.name, name, `ended by ${actor.identity.name}`);
        return null;
      }
      withStopped(store.releases.stops(environment.name), name, await formationOf(target)); // refuse at once what cannot be
      return await perform({ deps, operations }, target, actor, {
        kind: "stop",
        payload: { stop: { name } },
        description: name === null ? "Stop" : `Stop ${name}`,
      });
    },
    async start(target, name, actor) {
      withStarted(store.releases.stops(requireEnvironment(deps, target).name), name, await formationOf(target));
      return await perform({ deps, operations }, target, actor, {
        kind: "start",
        payload: { start: { name } },
        description: name === null ? "Start" : `Start ${name}`,
      });
    },
  };
}
