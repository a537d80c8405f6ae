/** What wears a router out: idle WebSockets, huge bodies, many names, a table that changes all the time, and attackers beside honest clients. */
import { type BenchContext, type Benchmark, ratio } from "./benchmark.ts";
import { type BenchResult, lone } from "./result.ts";
import { median, percentile } from "./statistics.ts";
import { ATTACKS } from "./support/attacks.ts";
import { startApp } from "./support/big-app.ts";
import { honestClients } from "./support/honest-clients.ts";
import { idleWebSockets } from "./support/idle-web-sockets.ts";
import { benchRoute } from "./support/router-process.ts";
import { HOST, type Side, type Sides, startSides } from "./support/router-sides.ts";
import { download, upload } from "./support/transfer.ts";
import { wrk } from "./support/wrk.ts";

/** 20,000 descriptors are what the machine of these figures gives a process; each takes two. */
const WEB_SOCKETS = Number(process.env["BENCH_WEB_SOCKETS"] ?? 9_000);
const BODY_BYTES = 1024 ** 3;
const FEW_NAMES = 1;
const MANY_NAMES = 10_000;
const NAMES_ROUNDS = 3;
const CHANGE_EVERY_MS = 10;
const CHANGES = 300;
const ATTACK_SECONDS = 5;
const MB = 1024 ** 2;

export const routerExtremes: Benchmark = {
  name: "router-extremes",
  title: `${WEB_SOCKETS} idle WebSockets; bodies of 1 GB; ${FEW_NAMES} name against ${MANY_NAMES}; a table change every ${CHANGE_EVERY_MS} ms; honest clients beside attackers for ${ATTACK_SECONDS} s each.`,
  run: runExtremes,
};

async function runExtremes(context: BenchContext): Promise<readonly BenchResult[]> {
  const app = await startApp();
  const sides = await startSides(context.directory, { apps: 500, upstreamPort: app.port });
  try {
    return [
      ...(await bodies(context, sides)),
      ...(await names(context, sides)),
      ...(await changes(context, sides)),
      ...(await attacked(context, sides)),
      ...(await webSockets(context, sides)),
    ];
  } finally {
    await sides.stop();
    await app.stop();
  }
}

const peers = ({ all }: Sides): readonly Side[] => all.filter(({ name }) => name === "router" || name === "nginx");

function against(name: string, ours: number, theirs: number, unit: string, budget: string | null): readonly BenchResult[] {
  return [
    { name: `router, ${name}`, value: ours, unit, ratio: ratio(ours, theirs), against: "nginx, 1 worker", budget },
    { name: `nginx, ${name}`, value: theirs, unit, ratio: null, against: null, budget: null },
  ];
}

async function bodies(context: BenchContext, sides: Sides): Promise<readonly BenchResult[]> {
  const speeds = new Map<string, number>();
  for (const side of peers(sides)) {
    for (const [what, move] of [
      ["download", download],
      ["upload", upload],
    ] as const) {
      const startMs = performance.now();
      await move({ port: side.port, host: HOST, bytes: BODY_BYTES });
      const speed = BODY_BYTES / MB / ((performance.now() - startMs) / 1000);
      speeds.set(`${side.name} ${what}`, speed);
      context.say(`${what} of 1 GB, ${side.name}: ${speed.toFixed(0)} MB/s`);
    }
  }
  const of = (what: string) =>
    against(`${what} of 1 GB`, speeds.get(`router ${what}`) ?? 0, speeds.get(`nginx ${what}`) ?? 0, "MB/s", null);
  return [...of("download"), ...of("upload"), lone("router: resident memory after 2 GB", sides.router.rssMegabytes(), "MB", "<= 120 MB")];
}

async function names(context: BenchContext, { router, upstreamAddress }: Sides): Promise<readonly BenchResult[]> {
  const speeds = new Map<number, number[]>([
    [FEW_NAMES, []],
    [MANY_NAMES, []],
  ]);
  let version = 10;
  for (let round = 1; round <= NAMES_ROUNDS; round++) {
    for (const [count, all] of speeds) {
      const routes = Array.from({ length: count }, (_, i) => benchRoute(`app-${count === 1 ? 7 : i}`, upstreamAddress));
      await router.control.publish({ version: version++, routes });
      const { requestsPerSecond } = await wrk({ port: router.port, host: HOST, connections: 64, seconds: 3 });
      all.push(requestsPerSecond);
      context.say(`round ${round}, ${count} names: ${Math.round(requestsPerSecond)} req/s`);
    }
  }
  const [few, many] = [median(speeds.get(FEW_NAMES) ?? []), median(speeds.get(MANY_NAMES) ?? [])];
  return [
    { name: `router, ${MANY_NAMES} names`, value: many, unit: "req/s", ratio: ratio(many, few), against: "1 name", budget: ">= 0.95x" },
    lone("router, 1 name", few, "req/s", null),
  ];
}

/** From publish() to the router's word, under load; and no request fails meanwhile. */
async function changes(context: BenchContext, { router, upstreamAddress }: Sides): Promise<readonly BenchResult[]> {
  const routes = Array.from({ length: 500 }, (_, i) => benchRoute(`app-${i}`, upstreamAddress));
  const times: number[] = [];
  const loaded = wrk({ port: router.port, host: HOST, connections: 16, seconds: Math.ceil((CHANGES * CHANGE_EVERY_MS) / 1000) });
  for (let change = 0; change < CHANGES; change++) {
    const startMs = performance.now();
    await router.control.publish({ version: 1_000 + change, routes });
    const tookMs = performance.now() - startMs;
    times.push(tookMs);
    if (tookMs < CHANGE_EVERY_MS) await new Promise((resolve) => setTimeout(resolve, CHANGE_EVERY_MS - tookMs));
  }
  const { errors, requestsPerSecond } = await loaded;
  context.say(`${CHANGES} changes: median ${median(times).toFixed(1)} ms, ${Math.round(requestsPerSecond)} req/s meanwhile`);
  return [
    lone("a change of the table live after (500 apps, one every 10 ms, under load)", median(times), "ms", "< 10 ms"),
    lone("the same, 95th percentile", percentile(times, 95), "ms", null),
    lone("failed requests meanwhile", errors, "requests", "<= 0"),
  ];
}

async function attacked(context: BenchContext, sides: Sides): Promise<readonly BenchResult[]> {
  const quiet = await honestClients({ port: sides.router.port, host: HOST, seconds: 3 });
  const results: BenchResult[] = [
    lone("honest clients alone: p99", quiet.p99Ms, "ms", null),
    lone("honest clients alone: failed requests", quiet.errors, "requests", "<= 0"),
  ];
  for (const attack of ATTACKS) {
    const end = await attack.begin({ port: sides.router.port, host: HOST });
    const report = await honestClients({ port: sides.router.port, host: HOST, seconds: ATTACK_SECONDS });
    await end();
    context.say(`${attack.name}: ${report.requests} honest requests, p99 ${report.p99Ms.toFixed(1)} ms, ${report.errors} failed`);
    results.push(
      lone(`honest clients beside ${attack.name}: p99`, report.p99Ms, "ms", null),
      lone(`honest clients beside ${attack.name}: failed requests`, report.errors, "requests", "<= 0"),
    );
  }
  return [...results, lone("router: resident memory after the attacks", sides.router.rssMegabytes(), "MB", "<= 120 MB")];
}

async function webSockets(context: BenchContext, sides: Sides): Promise<readonly BenchResult[]> {
  const kilobytes = new Map<string, number>();
  for (const side of peers(sides)) {
    const perSocket = await idleWebSockets({ port: side.port, pid: side.pid, host: HOST, count: WEB_SOCKETS });
    kilobytes.set(side.name, perSocket);
    context.say(`${WEB_SOCKETS} idle WebSockets, ${side.name}: ${perSocket.toFixed(1)} kB each`);
  }
  return against("memory of an idle WebSocket", kilobytes.get("router") ?? 0, kilobytes.get("nginx") ?? 0, "kB", null);
}
