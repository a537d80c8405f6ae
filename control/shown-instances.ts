/** What `ps` shows: what runs, what sleeps, what was stopped, and one-offs beside it. */
import { type Instance, type ProcessType, placesOf, type RunningOneOff, type ShownInstance, type Workload } from "../core/index.ts";
import { currentWorkload } from "./current.ts";
import type { Deps } from "./deps.ts";
import type { EnvironmentRecord } from "./store/index.ts";

export async function shownInstances(deps: Deps, environment: EnvironmentRecord): Promise<readonly ShownInstance[]> {
  const oneOffs = deps.runtime.oneOffs(environment.name).map((one) => shownOneOff(deps, one));
  if (environment.currentRelease === null) return oneOffs;
  const own = deps.runtime.instances(environment.name).filter((instance) => instance.revision === environment.revision);
  if (!environment.asleep && deps.store.releases.stops(environment.name).length === 0) return [...own, ...oneOffs];
  const workload = await currentWorkload(deps, environment);
  const resting = environment.asleep ? sleeping(workload, own, environment.createdMs) : own;
  return [...resting, ...stopped(workload, own, environment.createdMs), ...oneOffs];
}

/** What will run again at the next request; nothing of it has a process now, or a frozen one. */
function sleeping(workload: Workload, frozen: readonly Instance[], createdMs: number): readonly ShownInstance[] {
  return workload.processes.flatMap((process) =>
    placesOf(process).map((index) => {
      const held = frozen.find((instance) => instance.type === process.type && instance.index === index);
      return {
        ...resting(workload, process.type, index, createdMs),
        ...held,
        state: "idle",
        address: null,
        reason: "asleep until its next visitor",
      };
    }),
  );
}

function stopped(workload: Workload, own: readonly Instance[], createdMs: number): readonly ShownInstance[] {
  return workload.processes.flatMap(({ type, stopped: indexes = [] }) =>
    indexes
      .filter((index) => !own.some((instance) => instance.type === type && instance.index === index))
      .map(
        (index): ShownInstance => ({
          ...resting(workload, type, index, createdMs),
          state: "stopped",
          reason: "by ps:stop, until ps:start",
        }),
      ),
  );
}

function resting(workload: Workload, type: ProcessType, index: number, sinceMs: number): Omit<ShownInstance, "state" | "reason"> {
  const { environment, revision, release } = workload;
  return { id: "", environment, revision, release, type, index, address: null, pid: null, memoryBytes: 0, restarts: 0, sinceMs };
}

function shownOneOff({ store }: Deps, { environment, name, release, sinceMs, pid, memoryBytes }: RunningOneOff): ShownInstance {
  const dot = name.lastIndexOf(".");
  const [type, index] = [name.slice(0, dot) as ProcessType, Number(name.slice(dot + 1))];
  const oneOff = store.runs.run(environment, index)?.command ?? "";
  const shared = { environment, revision: String(release), release, type, index, pid, memoryBytes, sinceMs, oneOff };
  return { ...shared, id: "", state: "up", address: null, restarts: 0, reason: null };
}
