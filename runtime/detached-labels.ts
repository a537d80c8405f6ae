/** What is written into the record of a detached one-off's container, and read back when control starts again. */
import type { EnvironmentName } from "../core/index.ts";
import type { Container } from "./engine/contract.ts";
import type { Labels } from "./instance-labels.ts";

export interface DetachedFacts {
  readonly environment: EnvironmentName;
  readonly name: string;
  readonly release: number;
  readonly sinceMs: number;
  readonly memoryLimitBytes: number;
  readonly deadlineMs: number;
}

export function detachedLabels(facts: DetachedFacts): Labels {
  return {
    kind: "detached",
    environment: facts.environment,
    name: facts.name,
    release: String(facts.release),
    since: String(facts.sinceMs),
    memory: String(facts.memoryLimitBytes),
    deadline: String(facts.deadlineMs),
  };
}

/** null: another kind of container. */
export function detachedFromLabels({ labels }: Pick<Container, "labels">): DetachedFacts | null {
  const { kind, environment, name } = labels;
  if (kind !== "detached" || environment === undefined || name === undefined) return null;
  const number = (key: string): number => Number(labels[key] ?? 0) || 0;
  return {
    environment: environment as EnvironmentName,
    name,
    release: number("release"),
    sinceMs: number("since"),
    memoryLimitBytes: number("memory"),
    deadlineMs: number("deadline"),
  };
}
