/** What is written into a container's record, and read back when control starts again. */
import type { EnvironmentName, ProcessType } from "../core/index.ts";
import type { Container } from "./engine/contract.ts";
import type { Tracked } from "./tracked.ts";

export type Labels = Readonly<Record<string, string>>;

export function instanceLabels(instance: Tracked): Labels {
  return {
    kind: "instance",
    environment: instance.environment,
    revision: instance.revision,
    release: String(instance.release),
    type: instance.type,
    index: String(instance.index),
    memory: String(instance.memoryLimitBytes),
    restarts: String(instance.restarts),
    crashes: String(instance.crashes),
    since: String(instance.sinceMs),
  };
}

export function oneOffLabels(environment: EnvironmentName, name: string): Labels {
  return { kind: "one-off", environment, name };
}

/** null: not an instance (a one-off, a build). The state is not in the labels: it is `starting` until seen to be otherwise. */
export function instanceFromLabels(container: Container): Tracked | null {
  const { kind, environment, revision, type } = container.labels;
  if (kind !== "instance" || environment === undefined || revision === undefined || type === undefined) return null;
  if (container.slot === "build") return null;
  const number = (name: string): number => Number(container.labels[name] ?? 0) || 0;
  return {
    id: container.id,
    environment: environment as EnvironmentName,
    slot: container.slot,
    revision,
    release: number("release"),
    type: type as ProcessType,
    index: number("index"),
    state: "starting",
    sinceMs: number("since"),
    pid: container.pid,
    ip: container.ip,
    logFile: container.logFile,
    memoryLimitBytes: number("memory"),
    restarts: number("restarts"),
    crashes: number("crashes"),
    upSinceMs: null,
    reason: null,
    restartAtMs: null,
  };
}
