/** The router against nginx and haproxy: the same app behind all, the same headers added, the same log line written, in the same run. */
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { type BenchResult, lone } from "./result.ts";
import { median } from "./statistics.ts";
import { cpuSeconds } from "./support/cpu.ts";
import { HOST, type Side, type SideName, startSides } from "./support/router-sides.ts";
import { type WrkReport, wrk } from "./support/wrk.ts";

const SECONDS = Number(process.env["BENCH_ROUTER_SECONDS"] ?? 3);
const MAX_ROUNDS = 3;
const APPS = 500;

interface Load {
  readonly title: string;
  readonly path: string;
  readonly connections: number;
  /** Of requests/s; null: only told. */
  readonly budget: string | null;
  /** design.md 7: at 64 and 256. */
  readonly p99Budget: string | null;
}

const LOADS: readonly Load[] = [
  { title: "small answers, 64 connections", path: "/", connections: 64, budget: ">= 0.6x", p99Budget: "<= 2x" },
  { title: "small answers, 256 connections", path: "/", connections: 256, budget: ">= 0.6x", p99Budget: "<= 2x" },
  { title: "small answers, 1,000 connections", path: "/", connections: 1_000, budget: null, p99Budget: null },
  { title: "100 kB answers, 64 connections", path: "/large", connections: 64, budget: null, p99Budget: null },
  { title: "100 kB answers, 256 connections", path: "/large", connections: 256, budget: null, p99Budget: null },
];

export const router: Benchmark = {
  name: "router",
  title: `wrk through the router, nginx (1 worker), haproxy (1 thread) and straight at the app (nginx), ${APPS} apps in the table; ${SECONDS} s each, medians of up to ${MAX_ROUNDS} alternating rounds.`,
  run: runRouter,
};

interface SideReport extends WrkReport {
  /** Of the process in between, of one request: steadier than requests/s where a machine is busy. */
  readonly cpuMicroseconds: number;
}

type Reports = Map<Load, Map<SideName, SideReport[]>>;

async function runRouter(context: BenchContext): Promise<readonly BenchResult[]> {
  const sides = await startSides(context.directory, { apps: APPS });
  try {
    const reports = await measure(context, sides.all);
    const sum = (name: SideName, key: "errors" | "late") =>
      [...reports.values()].flatMap((bySide) => bySide.get(name) ?? []).reduce((total, report) => total + report[key], 0);
    return [
      ...LOADS.flatMap((load) => resultsOf(load, reports)),
      lone("router: failed requests", sum("router", "errors"), "requests", "<= 0"),
      lone("router: answers after more than 2 s", sum("router", "late"), "requests", null),
      lone("nginx: answers after more than 2 s", sum("nginx", "late"), "requests", null),
      lone("router: resident memory after the load", sides.router.rssMegabytes(), "MB", "<= 120 MB"),
    ];
  } finally {
    await sides.stop();
  }
}

async function measure(context: BenchContext, sides: readonly Side[]): Promise<Reports> {
  const reports: Reports = new Map(LOADS.map((load) => [load, new Map(sides.map(({ name }) => [name, []]))]));
  for (const { port } of sides) await wrk({ port, host: HOST, connections: 64, seconds: 1 });
  for (let round = 1; round <= Math.min(context.rounds, MAX_ROUNDS); round++) {
    for (const load of LOADS) {
      for (const side of sides) {
        const report = await loadSide(side, load);
        reports.get(load)?.get(side.name)?.push(report);
        const figures = `${Math.round(report.requestsPerSecond)} req/s, p99 ${report.p99Ms.toFixed(1)} ms, ${report.cpuMicroseconds.toFixed(1)} us CPU each`;
        context.say(`round ${round}, ${load.title}, ${side.name}: ${figures}`);
      }
    }
  }
  return reports;
}

async function loadSide({ port, pid }: Side, { connections, path }: Load): Promise<SideReport> {
  const beforeSeconds = cpuSeconds(pid);
  const report = await wrk({ port, host: HOST, connections, seconds: SECONDS, path });
  const requests = report.requestsPerSecond * SECONDS;
  return { ...report, cpuMicroseconds: ((cpuSeconds(pid) - beforeSeconds) * 1e6) / requests };
}

function resultsOf(load: Load, reports: Reports): readonly BenchResult[] {
  const of = (name: SideName, key: "requestsPerSecond" | "p99Ms" | "cpuMicroseconds") =>
    median((reports.get(load)?.get(name) ?? []).map((report) => report[key]));
  const against = "nginx, 1 worker";
  const line = (name: SideName, key: "requestsPerSecond" | "p99Ms" | "cpuMicroseconds", unit: string): BenchResult => {
    const words = { requestsPerSecond: "", p99Ms: ", p99", cpuMicroseconds: ", CPU of a request" }[key];
    const compared = name === "router" || name === "haproxy";
    return {
      name: `${name}${words}, ${load.title}`,
      value: of(name, key),
      unit,
      ratio: compared ? ratio(of(name, key), of("nginx", key)) : null,
      against: compared ? against : null,
      budget: name !== "router" ? null : key === "requestsPerSecond" ? load.budget : key === "p99Ms" ? load.p99Budget : null,
    };
  };
  return [
    line("router", "requestsPerSecond", "req/s"),
    line("nginx", "requestsPerSecond", "req/s"),
    line("haproxy", "requestsPerSecond", "req/s"),
    line("direct", "requestsPerSecond", "req/s"),
    line("router", "p99Ms", "ms"),
    line("nginx", "p99Ms", "ms"),
    line("haproxy", "p99Ms", "ms"),
    line("router", "cpuMicroseconds", "us"),
    line("nginx", "cpuMicroseconds", "us"),
    line("haproxy", "cpuMicroseconds", "us"),
  ];
}
