/** Desired x actual -> steps. Pure: the whole of what the supervisor decides about who runs. */
import { type ProcessType, placesOf, WEB, type Workload, type WorkloadProcess } from "../core/index.ts";
import { isLiving, type Tracked } from "./tracked.ts";

/** Web first until ready, then all others side by side (design.md: order of the start). */
export type Stage = "web" | "others";

export type Step =
  /** Nothing of this revision, type and index is there. */
  | { readonly kind: "start"; readonly stage: Stage; readonly type: ProcessType; readonly index: number }
  /** It crashed: a new one takes its place. */
  | { readonly kind: "replace"; readonly stage: Stage; readonly type: ProcessType; readonly index: number; readonly crashed: Tracked }
  /** It is there and not ready yet. */
  | { readonly kind: "await"; readonly stage: Stage; readonly instance: Tracked };

/** Steps towards the workload, in order of their stages. Empty: everything wanted is up, or is the keeper's to restart. */
export function plan(desired: Workload, actual: readonly Tracked[]): readonly Step[] {
  const steps = desired.processes.flatMap((process) => planProcess(desired, process, actual));
  return [...steps.filter((step) => step.stage === "web"), ...steps.filter((step) => step.stage === "others")];
}

/** The steps that may run side by side now. */
export function nextStage(steps: readonly Step[]): readonly Step[] {
  return steps.filter((step) => step.stage === steps[0]?.stage);
}

/** The instance that fills each wanted place, where there is one. */
export function wanted(desired: Workload, actual: readonly Tracked[]): readonly Tracked[] {
  return desired.processes.flatMap((process) => placesOf(process).flatMap((index) => occupant(desired, process.type, index, actual) ?? []));
}

/** What is there and not wanted; also the dead, so that they are removed. */
export function surplus(desired: Workload, actual: readonly Tracked[]): readonly Tracked[] {
  const kept = new Set(wanted(desired, actual).map((instance) => instance.id));
  return actual.filter((instance) => !kept.has(instance.id) && (isLiving(instance) || instance.state === "crashed"));
}

function planProcess(desired: Workload, process: WorkloadProcess, actual: readonly Tracked[]): readonly Step[] {
  const stage: Stage = process.type === WEB ? "web" : "others";
  return placesOf(process).flatMap((index): readonly Step[] => {
    const instance = occupant(desired, process.type, index, actual);
    if (instance === undefined) return [{ kind: "start", stage, type: process.type, index }];
    if (instance.state === "starting") return [{ kind: "await", stage, instance }];
    if (instance.state === "crashed" && instance.restartAtMs === null)
      return [{ kind: "replace", stage, type: process.type, index, crashed: instance }];
    return [];
  });
}

/** Same revision, type and index; a living one before a crashed one (killed between start and removal, both may be there). */
function occupant(desired: Workload, type: ProcessType, index: number, actual: readonly Tracked[]): Tracked | undefined {
  const same = actual.filter((one) => one.revision === desired.revision && one.type === type && one.index === index);
  return same.find(isLiving) ?? same.find((one) => one.state === "crashed");
}
