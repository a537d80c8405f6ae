/** A few clients as they are: some keep their connection, some come anew each time; every answer is timed. */
import { Agent, request } from "node:http";
import { percentile } from "../statistics.ts";

export interface HonestOptions {
  readonly port: number;
  readonly host: string;
  readonly seconds: number;
}

export interface HonestReport {
  readonly requests: number;
  readonly p99Ms: number;
  /** Refused, reset, not 200, or after more than 5 s. */
  readonly errors: number;
}

const KEPT = 8;
const NEW = 8;
const TIMEOUT_MS = 5_000;

export async function honestClients({ port, host, seconds }: HonestOptions): Promise<HonestReport> {
  const endMs = performance.now() + seconds * 1000;
  const times: number[] = [];
  let errors = 0;
  const client = async (agent: Agent | false): Promise<void> => {
    while (performance.now() < endMs) {
      const startMs = performance.now();
      if (await ask(port, host, agent)) times.push(performance.now() - startMs);
      else errors += 1;
    }
  };
  const agents = Array.from({ length: KEPT }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  await Promise.all([...agents.map(client), ...Array.from({ length: NEW }, () => client(false))]);
  for (const agent of agents) agent.destroy();
  return { requests: times.length, p99Ms: times.length === 0 ? Number.POSITIVE_INFINITY : percentile(times, 99), errors };
}

function ask(port: number, host: string, agent: Agent | false): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, path: "/", headers: { host }, agent, timeout: TIMEOUT_MS }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode === 200));
      answer.on("error", () => resolve(false));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(false));
    sent.end();
  });
}
