/** Strategy `replace`: the old instances of a type end before the new ones begin, since both at once would write to the same volume or tick twice. */
import { asPushboatError, type Instance, WEB, type Workload } from "../core/index.ts";
import { currentWorkload } from "./current.ts";
import type { DeployContext } from "./deploy.ts";
import type { Deps } from "./deps.ts";
import type { EnvironmentRecord } from "./store/index.ts";

export interface MadeWay {
  /** Where the new ones did not come up: the old ones again. */
  bringBack(): Promise<void>;
}

const NOTHING_MOVED: MadeWay = { bringBack: () => Promise.resolve() };

/** Before `next` is started, in the environment's lock. Requests for a web that is stopped are held from here until one is routed to. */
export async function makeWay(context: DeployContext, environment: EnvironmentRecord, next: Workload): Promise<MadeWay> {
  const { deps, routes, onEvent } = context;
  if (environment.currentRelease === null) return NOTHING_MOVED;
  const old = await currentWorkload(deps, environment).catch(() => null); // its image is lost: nothing of it could be started again
  const types = replacedTypes(next, old);
  const leaving = standingInTheWay(deps.runtime.instances(environment.name), next, types);
  if (leaving.length === 0) return NOTHING_MOVED;
  onEvent({
    kind: "detail",
    text: `stopping ${leaving.map(({ type, index }) => `${type}.${index}`).join(", ")} first (strategy: replace)`,
  });
  const bringBack = (): Promise<void> => startAgain(context, environment, old);
  try {
    if (old !== null) deps.runtime.keep(without(old, types));
    if (types.has(WEB)) await stopVisits(context, leaving);
    await deps.runtime.stop(leaving);
  } catch (error) {
    await bringBack();
    throw error;
  }
  // While nobody answers, the routes must not say that the app has crashed.
  await routes.publishNew();
  return { bringBack };
}

/** After a crash of control: what an unfinished deployment started must be gone before the current release comes back. */
export async function clearWay(deps: Deps, workload: Workload): Promise<void> {
  await deps.runtime.stop(standingInTheWay(deps.runtime.instances(workload.environment), workload, replacedTypes(workload, null)));
}

/** Pure: what either of them calls the type is enough. */
export function replacedTypes(next: Workload, old: Workload | null): ReadonlySet<string> {
  const all = [...next.processes, ...(old?.processes ?? [])];
  return new Set(all.filter(({ strategy }) => strategy === "replace").map(({ type }) => type));
}

/** Pure: of another revision, or beyond what is wanted. */
export function standingInTheWay<T extends Pick<Instance, "revision" | "type">>(
  instances: readonly T[],
  { revision }: Workload,
  types: ReadonlySet<string>,
): readonly T[] {
  return instances.filter((instance) => instance.revision !== revision && types.has(instance.type));
}

function without(workload: Workload, types: ReadonlySet<string>): Workload {
  return { ...workload, processes: workload.processes.map((one) => (types.has(one.type) ? { ...one, quantity: 0 } : one)) };
}

/** New requests wait, those under way end. */
async function stopVisits({ deps, routes }: DeployContext, leaving: readonly Instance[]): Promise<void> {
  await routes.publishNew();
  const addresses = leaving.flatMap(({ address }) => (address === null ? [] : [`${address.ip}:${address.port}`]));
  await deps.router.drained(addresses, deps.settings.drainTimeoutMs);
}

/** A sleeping environment is left to its next visitor. Where the old ones do not come up either, the restart policy goes on trying. */
async function startAgain({ deps, routes, onEvent }: DeployContext, environment: EnvironmentRecord, old: Workload | null): Promise<void> {
  if (old === null) return;
  if (environment.asleep) return deps.runtime.forget(environment.name);
  onEvent({ kind: "detail", text: `starting v${old.release} again` });
  try {
    await deps.runtime.converge(old, { onEvent, signal: new AbortController().signal });
  } catch (error) {
    onEvent({ kind: "warning", text: `v${old.release} did not come up again at once: ${asPushboatError(error).message}` });
  }
  deps.runtime.keep(old);
  await routes.publishNew();
}
