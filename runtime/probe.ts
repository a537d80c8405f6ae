/** Asks an instance once: TCP, HTTP, or a command inside it. */
import { request } from "node:http";
import { connect } from "node:net";
import type { HealthProbe, ProbeAnswer } from "../core/index.ts";
import { APP_PORT } from "./container-spec.ts";

export interface ProbeTarget {
  readonly ip: string;
  /** Runs a command inside; its exit code. Aborted: it is killed. */
  readonly run: (probe: Extract<HealthProbe, { kind: "command" }>, signal: AbortSignal) => Promise<number>;
}

export interface ProbeLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Of an answer that must hold a text, this much is looked at. */
const MOST_BODY_BYTES = 1024 * 1024;

export async function ask(target: ProbeTarget, probe: HealthProbe, limits: ProbeLimits): Promise<ProbeAnswer> {
  switch (probe.kind) {
    case "tcp":
      return await askTcp(target.ip, probe.port ?? APP_PORT, limits);
    case "http":
      return await askHttp(target.ip, probe, limits);
    case "command":
      return await askCommand(target, probe, limits);
  }
}

function askTcp(ip: string, port: number, { timeoutMs, signal }: ProbeLimits): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port, signal });
    const finish = (answer: ProbeAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish({ well: false, seen: "no answer to the connection" }));
    socket.once("connect", () => finish({ well: true }));
    socket.once("error", (error: NodeJS.ErrnoException) => finish({ well: false, seen: error.code ?? error.message }));
  });
}

/** timeoutMs is for the whole answer: a drip of bytes is no answer. */
function askHttp(ip: string, probe: Extract<HealthProbe, { kind: "http" }>, { timeoutMs, signal }: ProbeLimits): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const headers = { "user-agent": "pushboat-health", ...probe.headers };
    const asked = request({ host: ip, port: probe.port ?? APP_PORT, path: probe.path, signal, agent: false, headers });
    const timer = setTimeout(() => finish({ well: false, seen: `did not answer within ${timeoutMs / 1000} s` }), timeoutMs);
    const finish = (answer: ProbeAnswer): void => {
      clearTimeout(timer);
      asked.destroy();
      resolve(answer);
    };
    asked.once("response", (response) => {
      const status = response.statusCode ?? 0;
      const expected = probe.statuses.length === 0 ? status >= 200 && status < 400 : probe.statuses.includes(status);
      if (!expected) return finish({ well: false, seen: `answers ${status}` });
      const { content } = probe;
      if (content === null) return finish({ well: true });
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        body += part;
        if (body.includes(content)) finish({ well: true });
        else if (body.length > MOST_BODY_BYTES) response.destroy();
      });
      response.once("close", () => finish({ well: false, seen: `answers ${status} without ${JSON.stringify(content)}` }));
    });
    asked.on("error", (error: NodeJS.ErrnoException) => finish({ well: false, seen: `failed (${error.code ?? error.message})` }));
    asked.end();
  });
}

async function askCommand(
  target: ProbeTarget,
  probe: Extract<HealthProbe, { kind: "command" }>,
  { timeoutMs, signal }: ProbeLimits,
): Promise<ProbeAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const exitCode = await target.run(probe, AbortSignal.any([signal, timeout]));
    if (timeout.aborted) return { well: false, seen: `did not end within ${timeoutMs / 1000} s` };
    return exitCode === 0 ? { well: true } : { well: false, seen: `exited with code ${exitCode}` };
  } catch (error) {
    return { well: false, seen: `failed (${error instanceof Error ? error.message : String(error)})` };
  }
}
