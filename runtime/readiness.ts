/** Waits until an instance is ready, and tells what was seen where it does not become so. */
import { setTimeout as sleep } from "node:timers/promises";
import { type HealthCheck, probeName, type ReadinessRule, readinessDelayMs } from "../core/index.ts";
import { APP_PORT } from "./container-spec.ts";
import { isLoopback, type ListeningSocket, listeningSockets } from "./listening-sockets.ts";
import { ask, type ProbeTarget } from "./probe.ts";
import type { StartFailure } from "./start-failure.ts";

export interface StartupQuestion {
  readonly target: ProbeTarget;
  /** False once its init has ended. */
  readonly isAlive: () => boolean;
  readonly rule: ReadinessRule;
  /** Aborted when the instance ended or nobody waits any more; then the abort reason is thrown. */
  readonly signal: AbortSignal;
}

export interface ReadinessQuestion extends StartupQuestion {
  readonly pid: number;
  /** Once, when it listens elsewhere for a while: it may still come. */
  readonly onWrongPort: (sockets: readonly ListeningSocket[]) => void;
}

interface Failing {
  readonly check: string;
  readonly seen: string;
}

/** When the container's sockets are looked at. Seldom: the kernel walks all its hash tables for it, some 5 ms of one core. */
const LOOKS_AT_MS = [1_000, 3_000, 5_000] as const;
const LOOK_EVERY_MS = 5_000;
/** An app that has PORT on loopback cannot take it on 0.0.0.0 any more: no need to wait for the timeout. */
const LOOPBACK_IS_FINAL_AFTER_MS = 1_900;
const WRONG_PORT_IS_TOLD_AFTER_MS = 5_000;

/** null: ready. */
export async function awaitWebReady(question: ReadinessQuestion): Promise<StartFailure | null> {
  const { rule, signal } = question;
  const startedMs = performance.now();
  const watch = socketWatch(question);
  for (let attempt = 0; ; attempt += 1) {
    await sleep(readinessDelayMs(attempt), undefined, { signal });
    const last = await firstFailing(question);
    signal.throwIfAborted();
    // A dead container's address falls to the default route, and a transparent proxy there accepts any connection.
    if (last === null && question.isAlive()) return null;
    const elapsedMs = performance.now() - startedMs;
    const final = await watch(elapsedMs);
    if (final !== null) return final;
    if (elapsedMs >= rule.timeoutMs) return await timedOut(question, last);
  }
}

/** The checks of a type that answers no requests: asked until all are well. */
export async function awaitChecks(question: StartupQuestion): Promise<StartFailure | null> {
  const { rule, signal } = question;
  const startedMs = performance.now();
  for (let attempt = 0; ; attempt += 1) {
    await sleep(readinessDelayMs(attempt), undefined, { signal });
    const last = await firstFailing(question);
    signal.throwIfAborted();
    if (last === null && question.isAlive()) return null;
    if (performance.now() - startedMs >= rule.timeoutMs)
      return { kind: "health-check", check: last?.check ?? "", lastAnswer: last?.seen ?? "", timeoutMs: rule.timeoutMs };
  }
}

/** Without checks others are ready when they have been up for a while; the signal ends the wait when they exit. */
export async function awaitUpFor(rule: ReadinessRule, signal: AbortSignal): Promise<null> {
  await sleep(rule.upForMs, undefined, { signal });
  return null;
}

/** Without checks: web accepts on PORT. */
const ACCEPTS: Pick<HealthCheck, "probe" | "timeoutMs"> = { probe: { kind: "tcp", port: null }, timeoutMs: 1_000 };

/** The first that is not well, or null. */
async function firstFailing({ target, rule, signal }: StartupQuestion): Promise<Failing | null> {
  for (const check of rule.checks.length === 0 ? [ACCEPTS] : rule.checks) {
    const answer = await ask(target, check.probe, { timeoutMs: check.timeoutMs, signal });
    if (!answer.well) return { check: probeName(check.probe), seen: answer.seen };
  }
  return null;
}

/** Looks now and then which sockets listen; answers a failure where waiting on is of no use. */
function socketWatch(question: ReadinessQuestion): (elapsedMs: number) => Promise<StartFailure | null> {
  const looksAtMs: number[] = [...LOOKS_AT_MS];
  let nextLookMs = looksAtMs.shift() ?? 0;
  let loopbackSinceMs: number | null = null;
  let told = false;
  return async (elapsedMs) => {
    if (elapsedMs < nextLookMs) return null;
    nextLookMs = looksAtMs.shift() ?? elapsedMs + LOOK_EVERY_MS;
    const sockets = await listeningSockets(question.pid);
    const onPort = sockets.filter((socket) => socket.port === APP_PORT);
    const loopback = onPort.every(isLoopback) ? onPort[0] : undefined;
    loopbackSinceMs = loopback === undefined ? null : (loopbackSinceMs ?? elapsedMs);
    if (loopback !== undefined && loopbackSinceMs !== null && elapsedMs - loopbackSinceMs >= LOOPBACK_IS_FINAL_AFTER_MS)
      return { kind: "loopback-only", socket: loopback };
    if (!told && onPort.length === 0 && sockets.length > 0 && elapsedMs >= WRONG_PORT_IS_TOLD_AFTER_MS) {
      told = true;
      question.onWrongPort(sockets);
    }
    return null;
  };
}

async function timedOut(question: ReadinessQuestion, last: Failing | null): Promise<StartFailure> {
  const { timeoutMs, checks } = question.rule;
  const sockets = await listeningSockets(question.pid);
  const onPort = sockets.filter((socket) => socket.port === APP_PORT);
  const [first] = onPort;
  if (first === undefined) return sockets.length > 0 ? { kind: "other-port", sockets, timeoutMs } : { kind: "not-listening", timeoutMs };
  if (onPort.every(isLoopback)) return { kind: "loopback-only", socket: first };
  if (checks.length > 0) return { kind: "health-check", check: last?.check ?? "", lastAnswer: last?.seen ?? "", timeoutMs };
  return { kind: "unreachable", socket: first, lastError: last?.seen ?? "", timeoutMs };
}
