/** A client that never retries, at a fixed rate, half on new and half on kept-alive connections; a process of its own, so that the test's work does not slow it. */
import { Agent, request } from "node:http";

export interface LoadRequest {
  readonly port: number;
  /** Host header. */
  readonly host: string;
  readonly path: string;
  readonly ratePerSecond: number;
}

export interface LoadReport {
  readonly requests: number;
  /** Each failed request in a few words, the first 5000. */
  readonly failures: readonly string[];
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Different bodies in the order in which they were first seen. */
  readonly bodies: readonly string[];
}

/** design.md 7: an answer that is not the app's own 2xx/3xx, a reset, a truncation or more than 1 s. */
const SLOWEST_MS = 1000;
const FAILURES_KEPT = 5000;

if (process.send !== undefined && process.argv[2] !== undefined) runLoad(JSON.parse(process.argv[2]) as LoadRequest);

function runLoad(load: LoadRequest): void {
  const keptAlive = new Agent({ keepAlive: true, maxSockets: 8 });
  const seen = { requests: 0, failed: 0, failures: [] as string[], latenciesMs: [] as number[], bodies: new Set<string>() };
  let inFlight = 0;
  let ending = false;
  const fail = (text: string): void => {
    seen.failed += 1;
    if (seen.failures.length < FAILURES_KEPT) seen.failures.push(`${new Date().toISOString()} ${text}`);
  };
  const finish = (): void => {
    if (!ending || inFlight > 0) return;
    process.send?.(report(seen), () => process.exit(0));
  };
  const timer = setInterval(() => {
    seen.requests += 1;
    inFlight += 1;
    const kept = seen.requests % 2 === 0;
    ask(load, kept ? keptAlive : null)
      .then(({ body, durationMs }) => {
        seen.latenciesMs.push(durationMs);
        seen.bodies.add(body);
        if (durationMs > SLOWEST_MS) fail(`${Math.round(durationMs)} ms`);
      })
      .catch((error: Error) => fail(`${kept ? "kept-alive" : "new"} connection: ${error.message}`))
      .finally(() => {
        inFlight -= 1;
        finish();
      });
  }, 1000 / load.ratePerSecond);
  process.on("message", () => {
    ending = true;
    clearInterval(timer);
    finish();
  });
  process.on("disconnect", () => process.exit(1));
}

function ask(load: LoadRequest, agent: Agent | null): Promise<{ body: string; durationMs: number }> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { host: `${load.host}:${load.port}` };
    const outgoing = request({ host: "127.0.0.1", port: load.port, path: load.path, headers, agent: agent ?? false, timeout: 10_000 });
    outgoing.on("timeout", () => outgoing.destroy(new Error("nothing for 10 s")));
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        const status = incoming.statusCode ?? 0;
        if (status < 200 || status >= 400) reject(new Error(`${status} ${body.slice(0, 120)}`));
        else resolve({ body, durationMs: performance.now() - startMs });
      });
    });
    outgoing.end();
  });
}

function report(seen: { requests: number; failed: number; failures: string[]; latenciesMs: number[]; bodies: Set<string> }): LoadReport {
  const sorted = seen.latenciesMs.sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  const { requests, failed, failures } = seen;
  return { requests, failed, failures, p50Ms: rank(0.5), p99Ms: rank(0.99), bodies: [...seen.bodies] };
}
