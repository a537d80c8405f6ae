/** TLS before the same proxies: kept-alive requests over it, and what a connection costs with and without resumption. */
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { type BenchResult, lone } from "./result.ts";
import { median } from "./statistics.ts";
import { cpuSeconds } from "./support/cpu.ts";
import { handshakes } from "./support/handshakes.ts";
import { HOST, type Side, type SideName, startSides, TLS_HOST } from "./support/router-sides.ts";
import { wrk } from "./support/wrk.ts";

const SECONDS = 3;
const MAX_ROUNDS = 3;
const CONNECTIONS = 64;

export const routerTls: Benchmark = {
  name: "router-tls",
  title: `TLS 1.3, ECDSA P-256, one certificate for all: requests over 64 kept-alive connections, and connections of one request each; ${SECONDS} s each, medians of up to ${MAX_ROUNDS} alternating rounds.`,
  run: runRouterTls,
};

const KINDS = {
  "requests over kept-alive TLS": keepAlive,
  "full handshakes": (side: Side) => handshake(side, false),
  "resumed handshakes": (side: Side) => handshake(side, true),
} as const;
type Kind = keyof typeof KINDS;

interface Measured {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly errors: number;
}

async function runRouterTls(context: BenchContext): Promise<readonly BenchResult[]> {
  const sides = await startSides(context.directory, { apps: 500 });
  const secure = sides.all.filter(({ tlsPort }) => tlsPort !== null);
  const measured = new Map<string, Measured[]>();
  try {
    for (let round = 1; round <= Math.min(context.rounds, MAX_ROUNDS); round++) {
      for (const kind of Object.keys(KINDS) as Kind[]) {
        for (const side of secure) {
          const one = await KINDS[kind](side);
          measured.set(`${side.name} ${kind}`, [...(measured.get(`${side.name} ${kind}`) ?? []), one]);
          context.say(
            `round ${round}, ${kind}, ${side.name}: ${Math.round(one.perSecond)}/s, ${one.cpuMicroseconds.toFixed(0)} us CPU each`,
          );
        }
      }
    }
  } finally {
    await sides.stop();
  }
  const of = (name: SideName, kind: Kind, key: keyof Measured) => median((measured.get(`${name} ${kind}`) ?? []).map((one) => one[key]));
  const compared = (name: SideName, kind: Kind, key: "perSecond" | "cpuMicroseconds", unit: string): BenchResult => ({
    name: `${name}, ${kind}${key === "perSecond" ? "" : ", CPU of each"}`,
    value: of(name, kind, key),
    unit,
    ratio: name === "nginx" ? null : ratio(of(name, kind, key), of("nginx", kind, key)),
    against: name === "nginx" ? null : "nginx, 1 worker",
    budget: null,
  });
  const errors = (Object.keys(KINDS) as Kind[]).reduce((sum, kind) => sum + of("router", kind, "errors"), 0);
  return [
    ...(Object.keys(KINDS) as Kind[]).flatMap((kind) => [
      ...secure.map(({ name }) => compared(name, kind, "perSecond", kind === "requests over kept-alive TLS" ? "req/s" : "1/s")),
      ...secure.map(({ name }) => compared(name, kind, "cpuMicroseconds", "us")),
    ]),
    lone("router: failed requests", errors, "requests", "<= 0"),
  ];
}

async function keepAlive({ tlsPort, pid }: Side): Promise<Measured> {
  const before = cpuSeconds(pid);
  const report = await wrk({ port: tlsPort ?? 0, host: HOST, connections: CONNECTIONS, seconds: SECONDS, secure: true });
  const cpu = cpuSeconds(pid) - before;
  return {
    perSecond: report.requestsPerSecond,
    cpuMicroseconds: (cpu * 1e6) / (report.requestsPerSecond * SECONDS),
    errors: report.errors,
  };
}

/** A few at once, from a client that costs more than the server: the rate is the client's, the CPU of each is what a proxy's core has room for. */
async function handshake({ tlsPort, pid }: Side, resume: boolean): Promise<Measured> {
  const before = cpuSeconds(pid);
  const { connections, resumed, errors } = await handshakes({
    port: tlsPort ?? 0,
    servername: TLS_HOST,
    host: HOST,
    resume,
    seconds: SECONDS,
  });
  const cpu = cpuSeconds(pid) - before;
  // What was to be resumed and was not counts as failed; the first of each loop has nothing to resume.
  const missed = resume ? Math.max(0, connections - resumed - 4) : 0;
  return { perSecond: connections / SECONDS, cpuMicroseconds: (cpu * 1e6) / connections, errors: errors + missed };
}
