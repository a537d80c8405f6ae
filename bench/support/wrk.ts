/** wrk against a port: requests each second, the 99th percentile, and every answer that was not right. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface WrkLoad {
  readonly port: number;
  readonly host: string;
  readonly connections: number;
  readonly seconds: number;
  /** Default: / */
  readonly path?: string;
  readonly secure?: boolean;
}

export interface WrkReport {
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  /** Refused, reset, cut, or not 2xx/3xx. */
  readonly errors: number;
  /** Answers after more than 2 s. */
  readonly late: number;
}

export async function wrk({ port, host, connections, seconds, path = "/", secure = false }: WrkLoad): Promise<WrkReport> {
  const argv = [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    "-H",
    `Host: ${host}`, // Over TLS the name goes with the handshake.
    `${secure ? "https://localhost" : "http://127.0.0.1"}:${port}${path}`,
  ];
  const { stdout } = await promisify(execFile)("wrk", argv);
  return parseWrk(stdout);
}

export function parseWrk(output: string): WrkReport {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const p99 = /^ +99% +([\d.]+)(us|ms|s) *$/m.exec(output);
  const unitMs = { us: 0.001, ms: 1, s: 1000 }[p99?.[2] ?? "ms"] ?? 1;
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  return {
    requestsPerSecond: number(/^Requests\/sec: +([\d.]+)/m),
    p99Ms: Number(p99?.[1]) * unitMs,
    errors: (number(/Non-2xx or 3xx responses: (\d+)/) || 0) + socketErrors.slice(0, 3).reduce((sum, count) => sum + Number(count), 0),
    late: Number(socketErrors[3] ?? 0),
  };
}
