/** The router against nginx: the same app behind both, the same headers added, the same log line written, in the same run. */
import { readFileSync } from "node:fs";
import { freePorts } from "../test/support/free-ports.ts";
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { type BenchResult, lone } from "./result.ts";
import { median } from "./statistics.ts";
import { startProxy, startUpstream } from "./support/nginx.ts";
import { benchRoute, type RouterProcess, startRouter } from "./support/router-process.ts";
import { type WrkReport, wrk } from "./support/wrk.ts";

const SECONDS = Number(process.env["BENCH_ROUTER_SECONDS"] ?? 4);
const MAX_ROUNDS = 3;
const CONNECTIONS = [64, 256] as const;
const APPS = 500;
const TABLE_CHANGES = 30;

export const router: Benchmark = {
  name: "router",
  title: `wrk with 64 and 256 connections through the router and through nginx (1 worker), ${APPS} apps in the table, medians of ${MAX_ROUNDS} alternating rounds.`,
  run: runRouter,
};

interface SideReport extends WrkReport {
  /** Of the process in between, of one request: steadier than requests/s where a machine is busy. */
  readonly cpuMicroseconds: number;
}

interface Side {
  readonly name: "router" | "nginx" | "direct";
  readonly port: number;
  readonly pid: number;
  readonly reports: Map<number, SideReport[]>;
}

async function runRouter(context: BenchContext): Promise<readonly BenchResult[]> {
  const [upstreamPort = 0, nginxPort = 0, routerPort = 0] = await freePorts(3);
  const upstream = await startUpstream(context.directory, upstreamPort);
  const nginx = await startProxy(context.directory, nginxPort, upstreamPort);
  const process = await startRouter(context.directory, routerPort);
  try {
    const changesMs = await changeTables(process, `127.0.0.1:${upstreamPort}`);
    const sides: readonly Side[] = [
      { name: "nginx", port: nginxPort, pid: nginx.workerPid(), reports: new Map() },
      { name: "router", port: routerPort, pid: process.pid, reports: new Map() },
      { name: "direct", port: upstreamPort, pid: upstream.workerPid(), reports: new Map() },
    ];
    await measure(context, sides);
    return [...CONNECTIONS.flatMap((connections) => throughput(sides, connections)), ...ownCosts(process, changesMs, sides)];
  } finally {
    await process.stop();
    await nginx.stop();
    await upstream.stop();
  }
}

/** Milliseconds from publish() to the router's word that it answers by the new table. */
async function changeTables(process: RouterProcess, address: string): Promise<readonly number[]> {
  const routes = Array.from({ length: APPS }, (_, i) => benchRoute(`app-${i}`, address));
  const times: number[] = [];
  for (let version = 1; version <= TABLE_CHANGES; version++) {
    const startMs = performance.now();
    await process.control.publish({ version, routes });
    times.push(performance.now() - startMs);
  }
  return times;
}

async function measure(context: BenchContext, sides: readonly Side[]): Promise<void> {
  const rounds = Math.min(context.rounds, MAX_ROUNDS);
  for (const { port } of sides) await wrk({ port, host: "app-7.localhost", connections: 64, seconds: 1 });
  for (let round = 1; round <= rounds; round++) {
    for (const connections of CONNECTIONS) {
      for (const side of sides) {
        const report = await loadSide(side, connections);
        side.reports.set(connections, [...(side.reports.get(connections) ?? []), report]);
        const figures = `${Math.round(report.requestsPerSecond)} req/s, p99 ${report.p99Ms.toFixed(1)} ms, ${report.cpuMicroseconds.toFixed(1)} us CPU each`;
        context.say(`round ${round}, ${connections} connections, ${side.name}: ${figures}`);
      }
    }
  }
}

async function loadSide(side: Side, connections: number): Promise<SideReport> {
  const beforeSeconds = cpuSeconds(side.pid);
  const report = await wrk({ port: side.port, host: "app-7.localhost", connections, seconds: SECONDS });
  const requests = report.requestsPerSecond * SECONDS;
  return { ...report, cpuMicroseconds: ((cpuSeconds(side.pid) - beforeSeconds) * 1e6) / requests };
}

/** proc(5): utime and stime, in ticks of 1/100 s, are the 14th and 15th field; the name in brackets may hold spaces. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function throughput(sides: readonly Side[], connections: number): readonly BenchResult[] {
  const of = (name: Side["name"], key: "requestsPerSecond" | "p99Ms" | "cpuMicroseconds") =>
    median((sides.find((side) => side.name === name)?.reports.get(connections) ?? []).map((report) => report[key]));
  const line = (name: string, value: number, unit: string): BenchResult => ({
    name: `${name}, ${connections} connections`,
    value,
    unit,
    ratio: null,
    against: null,
    budget: null,
  });
  const [ours, theirs] = [of("router", "requestsPerSecond"), of("nginx", "requestsPerSecond")];
  const [oursP99, theirsP99] = [of("router", "p99Ms"), of("nginx", "p99Ms")];
  const [oursCpu, theirsCpu] = [of("router", "cpuMicroseconds"), of("nginx", "cpuMicroseconds")];
  return [
    { ...line("router", ours, "req/s"), ratio: ratio(ours, theirs), against: "nginx, 1 worker", budget: ">= 0.33x" },
    line("nginx, 1 worker", theirs, "req/s"),
    line("directly at the app (nginx)", of("direct", "requestsPerSecond"), "req/s"),
    { ...line("router, p99", oursP99, "ms"), ratio: ratio(oursP99, theirsP99), against: "nginx, 1 worker" },
    line("nginx, p99", theirsP99, "ms"),
    { ...line("router, CPU of a request", oursCpu, "us"), ratio: ratio(oursCpu, theirsCpu), against: "nginx, 1 worker" },
    line("nginx, CPU of a request", theirsCpu, "us"),
  ];
}

function ownCosts(process: RouterProcess, changesMs: readonly number[], sides: readonly Side[]): readonly BenchResult[] {
  const reports = [...(sides.find((side) => side.name === "router")?.reports.values() ?? [])].flat();
  const errors = reports.reduce((sum, report) => sum + report.errors, 0);
  return [
    lone("router: failed requests", errors, "requests", "<= 0"),
    lone("router: resident memory after the load", process.rssMegabytes(), "MB", "<= 120 MB"),
    lone(`router: a table of ${APPS} apps live after`, median(changesMs), "ms", "< 10 ms"),
  ];
}
