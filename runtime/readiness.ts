/** Waits until an instance is ready, and tells what was seen where it does not become so. */
import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ReadinessRule, readinessDelayMs } from "../core/index.ts";
import { APP_PORT } from "./container-spec.ts";
import { isLoopback, type ListeningSocket, listeningSockets } from "./listening-sockets.ts";
import type { StartFailure } from "./start-failure.ts";

export interface ReadinessQuestion {
  readonly ip: string;
  readonly pid: number;
  /** False once its init has ended. */
  readonly isAlive: () => boolean;
  readonly rule: ReadinessRule;
  /** Aborted when the instance ended or nobody waits any more; then the abort reason is thrown. */
  readonly signal: AbortSignal;
  /** Once, when it listens elsewhere for a while: it may still come. */
  readonly onWrongPort: (sockets: readonly ListeningSocket[]) => void;
}

type Answer = { readonly ready: true } | { readonly ready: false; readonly seen: string };

const CONNECT_TIMEOUT_MS = 1_000;
const HTTP_TIMEOUT_MS = 5_000;
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
    const last = await ask(question);
    signal.throwIfAborted();
    // A dead container's address falls to the default route, and a transparent proxy there accepts any connection.
    if (last.ready && question.isAlive()) return null;
    const elapsedMs = performance.now() - startedMs;
    const final = await watch(elapsedMs);
    if (final !== null) return final;
    if (elapsedMs >= rule.timeoutMs) return await timedOut(question, last.ready ? "" : last.seen);
  }
}

/** Others are ready when they have been up for a while; the signal ends the wait when they exit. */
export async function awaitUpFor(rule: ReadinessRule, signal: AbortSignal): Promise<null> {
  await sleep(rule.upForMs, undefined, { signal });
  return null;
}

async function ask(question: ReadinessQuestion): Promise<Answer> {
  const { ip, signal, rule } = question;
  return rule.httpPath === null ? await askTcp(ip, signal) : await askHttp(ip, rule.httpPath, signal);
}

function askTcp(ip: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port: APP_PORT, signal });
    const finish = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => finish({ ready: false, seen: "no answer to the connection" }));
    socket.once("connect", () => finish({ ready: true }));
    socket.once("error", (error: NodeJS.ErrnoException) => finish({ ready: false, seen: error.code ?? error.message }));
  });
}

function askHttp(ip: string, path: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const ask = request({ host: ip, port: APP_PORT, path, signal, agent: false, headers: { "user-agent": "pushboat-health" } });
    const finish = (answer: Answer): void => {
      ask.destroy();
      resolve(answer);
    };
    ask.setTimeout(HTTP_TIMEOUT_MS, () => finish({ ready: false, seen: `did not answer within ${HTTP_TIMEOUT_MS / 1000} s` }));
    ask.once("response", (response) => {
      const status = response.statusCode ?? 0;
      finish(status >= 200 && status < 400 ? { ready: true } : { ready: false, seen: `answers ${status}` });
    });
    ask.on("error", (error: NodeJS.ErrnoException) => finish({ ready: false, seen: `failed (${error.code ?? error.message})` }));
    ask.end();
  });
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

async function timedOut(question: ReadinessQuestion, seen: string): Promise<StartFailure> {
  const { timeoutMs, httpPath } = question.rule;
  const sockets = await listeningSockets(question.pid);
  const onPort = sockets.filter((socket) => socket.port === APP_PORT);
  const [first] = onPort;
  if (first === undefined) return sockets.length > 0 ? { kind: "other-port", sockets, timeoutMs } : { kind: "not-listening", timeoutMs };
  if (onPort.every(isLoopback)) return { kind: "loopback-only", socket: first };
  if (httpPath !== null) return { kind: "health-check", path: httpPath, lastAnswer: seen, timeoutMs };
  return { kind: "unreachable", socket: first, lastError: seen, timeoutMs };
}
