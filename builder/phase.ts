/** A phase of a build, with its time. */
import type { EventSink, Phase } from "../core/index.ts";

export async function phase<T>(onEvent: EventSink, name: Phase, title: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  onEvent({ kind: "phase-started", phase: name, title });
  const result = await work();
  onEvent({ kind: "phase-finished", phase: name, durationMs: performance.now() - startedMs });
  return result;
}
