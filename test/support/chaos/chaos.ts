/** Kills the platform's pieces at random moments of a stream of changes under constant load, then looks for anything lost, doubled or left. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Phase } from "../../../core/index.ts";
import { givenLoad } from "../constant-load.ts";
import { eventually } from "../eventually.ts";
import type { Platform } from "../platform.ts";
import { tinyApp } from "../tiny-app.ts";
import type { WorkingCopy } from "../working-copy.ts";
import { type KernelObjects, kernelObjects } from "./kernel-objects.ts";
import { type Typed, typeOperations } from "./operations.ts";
import { type PhaseWatch, watchPhases } from "./phase-watch.ts";
import { createRandom, type Random } from "./random.ts";
import { findVictim, VICTIMS, type Victim } from "./victims.ts";

export interface ChaosRequest {
  readonly platform: Platform;
  readonly kills: number;
  readonly seed: number;
  /** Fewer kills where the time is over. */
  readonly withinMs: number;
  readonly say: (line: string) => void;
}

export interface Kill {
  readonly victim: Victim;
  /** Of the deployment that was under way. */
  readonly phase: Phase | null;
  readonly atMs: number;
}

export interface ChaosReport {
  readonly kills: readonly Kill[];
  readonly typed: readonly Typed[];
  /** Requests to an app that nobody changes or kills: failures with the time they were seen, and how many there were. */
  readonly requests: number;
  readonly failures: readonly string[];
  /** Of failures, those that no death of the router explains. */
  readonly unexplained: readonly string[];
  readonly wrongs: readonly string[];
  readonly before: KernelObjects;
  readonly after: KernelObjects;
}

/** The phases that every deployment goes through; each is aimed at in turn. */
export const PHASES: readonly Phase[] = ["source", "plan", "build", "release", "start", "commit", "route"];
/** The kinds that die most often are those whose death has most to break. */
const AIMS: readonly Victim[] = [...VICTIMS, "control", "control", "runc", "builder"];
const PAUSE_MS = { low: 100, high: 1500 };
const PHASE_WITHIN_MS = 20_000;
const VICTIM_WITHIN_MS = 4_000;
/** Long enough for every death to be noticed, and for what was killed to be there again. */
const SETTLE_MS = 90_000;
/** An open connection that broke is told at once; a request that waited for the next router is slower. */
const ROUTER_WINDOW_MS = 2_500;
const RATE_PER_SECOND = 50;

const BUILD = { "pushboat.yml": 'build:\n  command: "sleep 0.3"\n' };
const RELEASE = { Procfile: "web: node server.js\nrelease: node release.js\n", "release.js": "setTimeout(() => {}, 150);\n" };

export async function runChaos(request: ChaosRequest): Promise<ChaosReport> {
  const { platform, kills, seed, withinMs, say } = request;
  const random = createRandom(seed);
  say(`chaos: ${kills} kills with CHAOS_SEED=${seed}`);
  const bystander = await platform.givenApp(tinyApp("bystander"), { app: "bystander" });
  const busy = await platform.givenApp(tinyApp("busy", { ...BUILD, ...RELEASE }), { app: "busy" });
  const victim = await platform.givenApp(tinyApp("victim"), { app: "victim" });
  for (const app of [bystander, busy, victim]) await app.mustPush();
  const before = await settled(platform);
  const load = givenLoad({ port: platform.ports.http, host: bystander.host, path: "/", ratePerSecond: RATE_PER_SECOND });
  const phases = watchPhases(platform.dataDirectory);
  const operations = typeOperations(platform, busy);
  const done: Kill[] = [];
  const endMs = performance.now() + withinMs;
  while (done.length < kills && performance.now() < endMs) {
    const kill = await killOne({
      platform,
      random,
      phases,
      aimed: done.length % 2 === 0 ? PHASES[(done.length / 2) % PHASES.length] : undefined,
    });
    if (kill !== null) done.push(kill);
    if (kill !== null && done.length % 20 === 0) say(`chaos: ${done.length} of ${kills}`);
  }
  phases.close();
  const typed = await operations.stop();
  const wrongs = await wrongsOf(platform, busy, typed);
  const report = await load.end();
  const scaled = await platform.ssh("ps:scale busy web=1");
  if (scaled.code !== 0) wrongs.push(`the next change failed: ${scaled.output}`);
  for (const app of [victim, busy, bystander]) await platform.expectHost(app.host).toAnswer(200);
  const after = await settled(platform, before);
  const failures = report.failures;
  say(`chaos: killed ${counted(done.map(({ victim }) => victim))}`);
  say(`chaos: in the phases ${counted(done.map(({ phase }) => phase ?? "none"))}`);
  say(`chaos: typed ${counted(typed.map(({ kind, acknowledged }) => `${kind} ${acknowledged ? "done" : "failed"}`))}`);
  say(`chaos: ${report.requests} requests to the bystander, p99 ${Math.round(report.p99Ms)} ms, failed: ${failures.length}`);
  for (const failure of failures) say(`chaos: ${failure}`);
  return {
    kills: done,
    typed,
    requests: report.requests,
    failures,
    unexplained: failures.filter((failure) => !isExplained(failure, done)),
    wrongs,
    before,
    after,
  };
}

/** `control 3, router 1` */
function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${word} ${count}`).join(", ");
}

interface KillRequest {
  readonly platform: Platform;
  readonly random: Random;
  readonly phases: PhaseWatch;
  /** undefined: any moment. */
  readonly aimed: Phase | undefined;
}

/** null: nothing of that kind was there to kill. */
async function killOne({ platform, random, phases, aimed }: KillRequest): Promise<Kill | null> {
  const victim = random.pick(aimed === "build" ? (["control", "builder", "runc", "redis"] as const) : AIMS);
  const app = random.pick(["victim", "busy"]);
  await sleep(random.between(PAUSE_MS.low, PAUSE_MS.high));
  const delayMs = aimed === "build" || aimed === "release" || aimed === "start" ? random.between(0, 150) : 0;
  if (aimed !== undefined) await phases.begun(aimed, PHASE_WITHIN_MS);
  if (delayMs > 0) await sleep(delayMs);
  const pid = await soon(() => findVictim(platform, victim, victim === "conmon" ? app : "victim"));
  if (pid === null) return null;
  const phase = phases.now();
  const atMs = Date.now();
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return null; // it ended by itself in between
  }
  return { victim, phase, atMs };
}

/** What lives for milliseconds is looked for in a tight loop. */
async function soon(look: () => number | null): Promise<number | null> {
  const endMs = performance.now() + VICTIM_WITHIN_MS;
  while (performance.now() < endMs) {
    const found = look();
    if (found !== null) return found;
    await sleep(1);
  }
  return null;
}

/** A router's death breaks what it has in hand, and a request that comes meanwhile waits for the next one. */
function isExplained(failure: string, kills: readonly Kill[]): boolean {
  const atMs = Date.parse(failure.split(" ")[0] ?? "");
  return (
    kills.some((kill) => kill.victim === "router" && atMs >= kill.atMs - 50 && atMs < kill.atMs + ROUTER_WINDOW_MS) &&
    !failure.includes("ECONNREFUSED")
  );
}

interface DeploymentLine {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly commit: string | null;
  readonly description: string;
  readonly release: number | null;
}

/** Everything that was acknowledged is there once, nothing is under way, and ref, release, config and answer agree. */
async function wrongsOf(platform: Platform, app: WorkingCopy, typed: readonly Typed[]): Promise<string[]> {
  const json = async <T>(command: string): Promise<T> => JSON.parse((await platform.ssh(`${command} --json`)).stdout) as T;
  const deployments = await eventually(
    "every deployment ended",
    async () => {
      const all = await json<DeploymentLine[]>(`deploys ${app.app} -n 10000`);
      return all.every(({ state }) => /^(live|failed|cancelled|superseded)$/.test(state)) ? all : false;
    },
    SETTLE_MS,
  );
  const releases = await json<{ release: number; state: string; commit: string | null }[]>(`releases ${app.app} -n 10000`);
  const wrongs: string[] = [];
  for (const { mark, acknowledged } of typed.filter((one) => one.mark !== "")) {
    const rows = deployments.filter(({ commit, description }) => commit === mark || description === mark);
    if (rows.length > 1) wrongs.push(`${mark} was deployed ${rows.length} times`);
    if (acknowledged && !rows.some(({ state }) => state === "live"))
      wrongs.push(`${mark} was acknowledged and is ${rows[0]?.state ?? "lost"}`);
  }
  const numbers = deployments.flatMap(({ state, kind, release }) => (state === "live" && !/^(scale|restart)$/.test(kind) ? [release] : []));
  if (new Set(numbers).size !== numbers.length) wrongs.push(`a release number was given twice: ${numbers}`);
  const current = releases.filter(({ state }) => state === "current");
  if (current.length !== 1) wrongs.push(`${current.length} releases are current`);
  const lastPush = deployments.find(({ kind, state }) => kind === "push" && state === "live");
  const ref = (await app.git(["ls-remote", "pushboat", "refs/heads/main"])).stdout.split("\t")[0];
  if (ref !== lastPush?.commit) wrongs.push(`main is at ${ref}, the last push that went live is ${lastPush?.commit}`);
  const text = (await app.git(["show", `${current[0]?.commit}:text.js`])).stdout;
  const answer = (await platform.http(app.host)).body.trim();
  if (!text.includes(`"${answer}"`)) wrongs.push(`it answers ${answer}, its release has ${text}`);
  return wrongs;
}

/** What draining and removing has to do takes its time; as many objects as before, or what there is at the end. */
async function settled(platform: Platform, wanted?: KernelObjects): Promise<KernelObjects> {
  let last = await kernelObjects(platform);
  const goal = wanted === undefined ? null : JSON.stringify(wanted);
  for (let waitedMs = 0; waitedMs < SETTLE_MS; waitedMs += 500) {
    await sleep(500);
    const now = await kernelObjects(platform);
    const same = JSON.stringify(now) === JSON.stringify(last);
    last = now;
    if (goal === null ? same && waitedMs >= 3000 : JSON.stringify(now) === goal) break;
  }
  return last;
}
