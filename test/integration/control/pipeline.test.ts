/** The deploy pipeline on real SQLite and a real Redis; runtime, builder, router and repositories are seam doubles that can be held and made to fail. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Actor, type ControlModule, createControl, type Target } from "../../../control/index.ts";
import {
  type AppName,
  type BranchName,
  type Builder,
  type CommitId,
  type EnvironmentName,
  type HealthyInstance,
  type Identity,
  type Image,
  type Instance,
  PushboatError,
  type PushRequest,
  parseEnvironmentName,
  parseSettings,
  type RefOutcome,
  type Repositories,
  type RouterControl,
  type RouteTable,
  type Runtime,
  type VolumeName,
  type Workload,
} from "../../../core/index.ts";

const identity: Identity = { name: "alice", via: "ssh", role: "admin", from: "127.0.0.1" };
const actor = (): Actor => ({ identity, onEvent: () => undefined, disconnected: new AbortController().signal });
const blog: Target = parseEnvironmentName("blog");
const commit = (digit: string) => digit.repeat(40) as CommitId;

let directory: string;
let redis: ChildProcess;
let world: World;
let module: ControlModule;

/** Everything outside control: lives on when control "dies". */
interface World {
  readonly log: string[];
  readonly heads: Map<string, CommitId>;
  /** Files of every commit. */
  readonly files: Map<string, string>;
  readonly running: Map<string, HealthyInstance>;
  /** Digests that somebody deleted from the store. */
  readonly lostImages: Set<string>;
  table: RouteTable | null;
  /** Milliseconds since the last request, by environment. */
  readonly idle: Map<string, number>;
  wake: (environment: EnvironmentName) => void;
  /** Set to hold or fail a step: called with the step's name. */
  step: (name: string) => Promise<void> | void;
}

const socket = () => join(directory, "run/redis/redis.sock");
async function startRedis(): Promise<void> {
  redis = spawn("redis-server", ["--port", "0", "--unixsocket", socket(), "--save", "", "--appendonly", "no"], { stdio: "ignore" });
  for (;;) {
    try {
      if (execFileSync("redis-cli", ["-s", socket(), "ping"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() === "PONG")
        return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
async function killRedis(): Promise<void> {
  redis.kill("SIGKILL");
  await once(redis, "exit");
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "pipeline-"));
  mkdirSync(join(directory, "run/redis"), { recursive: true });
  await startRedis();
  world = {
    log: [],
    heads: new Map(),
    files: new Map(),
    running: new Map(),
    lostImages: new Set(),
    table: null,
    idle: new Map(),
    wake: () => undefined,
    step: () => undefined,
  };
  module = makeControl();
  await module.start();
});
afterEach(async () => {
  await module.close();
  await killRedis();
  rmSync(directory, { recursive: true });
});

function makeControl(): ControlModule {
  const settings = { ...parseSettings({ PUSHBOAT_DATA: join(directory, "data") }), runDirectory: join(directory, "run") };
  mkdirSync(settings.dataDirectory, { recursive: true });
  return createControl({
    settings,
    runtime: runtimeDouble(),
    builder: builderDouble(),
    router: routerDouble(),
    repositories: repositoriesDouble(),
    log: pino({ level: "silent" }),
    now: Date.now,
    version: "test",
    adminKeys: "",
  });
}

function builderDouble(): Builder {
  const image = (digest: string): Image => ({
    digest,
    layers: [],
    config: { env: {}, workingDirectory: "/app", uid: 1000, gid: 1000 },
    processes: { web: { form: "shell", command: ["web"] }, worker: { form: "shell", command: ["worker"] } } as Image["processes"],
  });
  return {
    prepare: async () => undefined,
    async build(request) {
      world.log.push(`build ${request.commit[0]}`);
      await Promise.race([
        world.step(`build ${request.commit[0]}`),
        new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason))),
      ]);
      return image(`sha256:${request.commit[0]}`);
    },
    importImage: async () => image("sha256:imported"),
    forecast: async () => ({ lines: ["would build"] }),
    image: async (digest) => (world.lostImages.has(digest) ? null : image(digest)),
    layerBytes: async () => 0,
    exportOci: async () => ({ digest: "" }),
    removeDrafts: async () => undefined,
    sweep: async () => ({ removed: [], freedBytes: 0 }),
  };
}

function runtimeDouble(): Runtime {
  const kept = new Map<string, Workload>();
  const of = (environment?: string) =>
    [...world.running.values()].filter((instance) => environment === undefined || instance.environment === environment);
  return {
    adopt: async () => undefined,
    openVolume: async () => undefined,
    closeVolumes: async () => undefined,
    async converge(workload, { signal }) {
      const started: HealthyInstance[] = [];
      for (const { type, quantity } of workload.processes) {
        for (let index = 1; index <= quantity; index += 1) {
          const id = `${workload.environment} ${type}.${index} of ${workload.revision}`;
          if (world.running.has(id)) continue;
          const instance = {
            id,
            environment: workload.environment,
            revision: workload.revision,
            release: workload.release,
            type,
            index,
            state: "up",
            address: { ip: "198.18.0.1", port: nextPort++ },
            pid: 1,
            memoryBytes: 0,
            restarts: 0,
            sinceMs: 0,
            reason: null,
          } as unknown as HealthyInstance;
          world.running.set(id, instance);
          started.push(instance);
        }
      }
      world.log.push(`start ${workload.revision} ${JSON.stringify(workload.env["A"] ?? null)}`);
      const undo = async () => {
        for (const { id } of started) world.running.delete(id);
      };
      try {
        await Promise.race([
          world.step(`start ${workload.revision}`),
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        ]);
      } catch (error) {
        await undo();
        throw error;
      }
      const surplus = of(workload.environment).filter(
        ({ revision, type, index }) =>
          revision !== workload.revision || index > (workload.processes.find((process) => process.type === type)?.quantity ?? 0),
      );
      return { healthy: of(workload.environment).filter(({ revision }) => revision === workload.revision), surplus, undo };
    },
    keep: (workload) => void kept.set(workload.environment, workload),
    forget: (environment) => void kept.delete(environment),
    async stop(instances: readonly Instance[]) {
      for (const { id } of instances) if (world.running.delete(id)) world.log.push(`stop ${id}`);
    },
    signal: async () => {},
    exec: async () => 0,
    usage: () => [],
    addresses: () => [],
    dnsAddress: () => "198.18.0.0",
    setLinks: async () => {},
    startDetached: async () => {},
    onDetachedEnd: () => undefined,
    endOneOff: async () => false,
    oneOffs: () => [],
    freeze: (environment) => void world.log.push(`freeze ${environment}`),
    thaw: (environment) => void world.log.push(`thaw ${environment}`),
    instances: of,
    healthy: (environment) => of(environment).filter((instance) => isWanted(kept.get(environment), instance)),
    onChange: () => undefined,
    async runOneOff({ name, definition, workload }) {
      world.log.push(`run ${definition.command.join(" ")} of ${workload.environment} v${workload.release}`);
      await world.step(`one-off ${name.split(".")[0]}`);
      return { exitCode: 0, outOfMemory: false };
    },
    setAllowed: async () => undefined,
    logs: async function* () {},
    writeLog: () => undefined,
    removeEnvironment: async () => await world.step("remove environment"),
    teardown: async () => undefined,
    close: async () => undefined,
  };
}

function isWanted(workload: Workload | undefined, { revision, type, index }: Instance): boolean {
  return revision === workload?.revision && index <= (workload.processes.find((process) => process.type === type)?.quantity ?? 0);
}

function routerDouble(): RouterControl {
  return {
    async publish(table) {
      await world.step("publish");
      if (world.table === null || table.version >= world.table.version) world.table = table;
    },
    setCertificates: async () => undefined,
    onCertificateWanted: () => undefined,
    certificateUnavailable: () => undefined,
    setPages: async () => undefined,
    drained: async (addresses) => {
      const routed = new Set(world.table?.routes.flatMap(({ targets }) => targets.map(({ address }) => address)));
      expect(addresses.some((address) => routed.has(address))).toBe(false);
      return true;
    },
    onWake: (listener) => {
      world.wake = listener;
    },
    idleTimes: async () => Object.fromEntries(world.idle) as Record<EnvironmentName, number>,
    report: async () => null,
    restart: async () => {
      throw new Error("no router to restart");
    },
    version: async () => world.table?.version ?? null,
    close: async () => undefined,
  };
}

function repositoriesDouble(): Repositories {
  return {
    path: () => "/nowhere",
    exists: async () => true,
    ensure: async () => undefined,
    remove: async () => undefined,
    head: async (app, branch) => {
      await world.step("head");
      return world.heads.get(`${app} ${branch}`) ?? null;
    },
    files: async (_app, _commit, paths) => Object.fromEntries(paths.map((path) => [path, world.files.get(path) ?? null])),
    resolve: async (_app, word) => (word.length === 40 ? (word as CommitId) : null),
    commitsBetween: async () => [],
    setHead: async (app, branch, head) => {
      await world.step("ref");
      world.heads.set(`${app} ${branch}`, head);
    },
    deleteHead: async (app, branch) => void world.heads.delete(`${app} ${branch}`),
    setDefaultBranch: async () => undefined,
    pin: async () => undefined,
  };
}

let nextPort = 1;
const output: string[] = [];
function push(digit: string, branch = "main", options: readonly string[] = [], by: Identity = identity): Promise<readonly RefOutcome[]> {
  const request: PushRequest = {
    app: "blog" as AppName,
    identity: by,
    updates: [{ ref: `refs/heads/${branch}`, oldCommit: world.heads.get(`blog ${branch}`) ?? null, newCommit: commit(digit) }],
    options,
    progress: (text) => output.push(text),
    disconnected: new AbortController().signal,
  };
  return module.pushes.receive(request);
}
const outcome = async (pushed: Promise<readonly RefOutcome[]>): Promise<string> => {
  const [ref] = await pushed;
  return ref?.ok ? "ok" : (ref?.reason ?? "nothing");
};

/** A gate that holds one step until it is opened. */
function hold(name: string): { readonly reached: Promise<void>; readonly open: () => void; readonly fail: (error: Error) => void } {
  let reach: () => void = () => undefined;
  const { promise: gate, resolve: open, reject: fail } = Promise.withResolvers<void>();
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const before = world.step;
  world.step = async (step) => {
    if (step === name) {
      reach();
      await gate;
    } else await before(step);
  };
  return { reached, open, fail };
}

async function current() {
  const [environment] = await module.control.environments("blog" as AppName);
  return {
    release: environment?.release,
    config: await module.control.config(blog),
    routes: world.table?.routes[0]?.targets.length,
    head: world.heads.get("blog main"),
  };
}
const revisions = () => [...new Set([...world.running.values()].map(({ revision }) => revision))];
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("a push goes live: the ref moves at the commit point and the old instances end after the routers acknowledged", async () => {
  expect(await outcome(push("1"))).toBe("ok");
  expect(await outcome(push("2"))).toBe("ok");
  await until(() => revisions().join() === "2");
  expect(await current()).toEqual({ release: 2, config: {}, routes: 1, head: commit("2") });
  const gate = hold("publish");
  const third = push("3");
  await gate.reached;
  expect(revisions()).toEqual(["2", "3"]);
  gate.open();
  expect(await outcome(third)).toBe("ok");
  await until(() => revisions().join() === "3");
});

test("a failing build, and a failing start, leave release, config, ref and instances as they were", async () => {
  await push("1");
  world.step = (step) => {
    if (step === "build 2") throw new PushboatError({ code: "build/step-failed", message: "npm ci exited with 1" });
    if (step === "start 2") throw new PushboatError({ code: "start/exited", message: "web.1 exited with code 3" });
  };
  const before = await current();
  expect(await outcome(push("2"))).toBe("build failed: npm ci exited with 1");
  expect(await outcome(push("3"))).toBe("start failed: web.1 exited with code 3");
  expect(await current()).toEqual(before);
  expect(revisions()).toEqual(["1"]);
  expect(output.join("")).toContain("v1 still serves http://blog.localhost:8080");
  await expect(module.control.changeConfig(blog, { A: "1" }, { ...actor() })).resolves.toMatchObject({ release: 3 });
});

test("a failing config change exits with its reason and keeps the old config", async () => {
  await push("1");
  await module.control.changeConfig(blog, { A: "old" }, actor());
  world.step = (step) => {
    if (step.startsWith("start")) throw new PushboatError({ code: "start/exited", message: "no" });
  };
  await expect(module.control.changeConfig(blog, { A: "new" }, actor())).rejects.toMatchObject({
    code: "start/exited",
    hint: expect.stringContaining("v2 still serves"),
  });
  expect((await current()).config).toEqual({ A: "old" });
});

test("a newer push replaces a waiting push to the same ref, and its pusher is told", async () => {
  const gate = hold("build 1");
  const first = outcome(push("1"));
  await gate.reached;
  const second = outcome(push("2"));
  await until(async () => (await module.control.deployments(blog, 5)).length === 2);
  const third = outcome(push("3"));
  expect(await second).toMatch(/^superseded: a newer push \(3333333 by alice\)/);
  gate.open();
  expect(await first).toBe("ok");
  expect(await third).toMatch(/^stale: main moved to 1111111/);
});

test("of two pushes from one base only one goes live; the other hears that the branch moved", async () => {
  await push("1");
  const [two, three] = await Promise.all([outcome(push("2")), outcome(push("3"))]);
  expect([two, three].filter((text) => text === "ok")).toHaveLength(1);
  const winner = two === "ok" ? "2" : "3";
  expect((await current()).head).toBe(commit(winner));
});

test("a config change and a rollback never wait for a build", async () => {
  await push("1");
  const gate = hold("build 2");
  const pushed = outcome(push("2"));
  await gate.reached;
  await module.control.changeConfig(blog, { A: "x" }, actor());
  await module.control.rollback(blog, 1, actor());
  expect((await current()).release).toBe(3);
  gate.open();
  expect(await pushed).toBe("ok");
  expect(await current()).toMatchObject({ release: 4, config: {} });
});

test("changes of one environment are made first in, first out, and each starts from the one before", async () => {
  await push("1");
  await Promise.all(["A", "B", "C"].map((key, index) => module.control.changeConfig(blog, { [key]: String(index) }, actor())));
  expect(await current()).toMatchObject({ release: 4, config: { A: "0", B: "1", C: "2" } });
  const releases = await module.control.releases(blog);
  expect(releases.map(({ description }) => description)).toEqual([
    "Set C config vars",
    "Set B config vars",
    "Set A config vars",
    "Deploy 1111111",
  ]);
});

test("rollback brings back image and config as a new release", async () => {
  await push("1");
  await module.control.changeConfig(blog, { A: "1" }, actor());
  await push("2");
  await module.control.changeConfig(blog, { A: "2" }, actor());
  await module.control.rollback(blog, 2, actor());
  expect(await current()).toMatchObject({ release: 5, config: { A: "1" }, head: commit("2") });
  const [newest] = await module.control.releases(blog);
  expect(newest).toMatchObject({ number: 5, description: "Rollback to v2", imageDigest: "sha256:1" });
});

test("scaling keeps the release and the running instances; restart replaces them", async () => {
  await push("1");
  const web1 = [...world.running.keys()][0];
  await module.control.scale(blog, [{ type: "web" as never, operator: "=", count: 3 }], false, actor());
  expect([...world.running.keys()]).toContain(web1);
  expect(await current()).toMatchObject({ release: 1, routes: 3 });
  await module.control.restart(blog, actor());
  await until(() => revisions().join() === "1.r1");
  expect(await current()).toMatchObject({ release: 1, routes: 3 });
});

test.each(["build 2", "start 2"])("a deployment cancelled while it holds at %s changes nothing", async (step) => {
  await push("1");
  const before = await current();
  const gate = hold(step);
  const pushed = outcome(push("2"));
  await gate.reached;
  const [deployment] = await module.control.deployments(blog, 1);
  expect(await module.control.cancelDeployment(deployment?.id ?? 0, actor())).toMatchObject({ state: "cancelled" });
  expect(await pushed).toMatch(/^cancelled/);
  expect(await current()).toEqual(before);
  expect(revisions()).toEqual(["1"]);
  await expect(module.control.cancelDeployment(deployment?.id ?? 0, actor())).rejects.toThrow(/cannot be cancelled: it is cancelled/);
});

test("a push that failed is deployed again by deploys:retry", async () => {
  world.step = (step) => {
    if (step === "build 1") throw new PushboatError({ code: "build/step-failed", message: "registry down" });
  };
  expect(await outcome(push("1"))).toMatch(/registry down/);
  world.step = () => undefined;
  expect(await module.control.retryDeployment(blog, actor())).toMatchObject({ state: "live" });
  expect(await current()).toMatchObject({ release: 1, head: commit("1") });
});

test("a push that failed is not deployed again over a later one that went live", async () => {
  world.step = (step) => {
    if (step === "build 1") throw new PushboatError({ code: "build/step-failed", message: "registry down" });
  };
  await push("1");
  expect(await outcome(push("2"))).toBe("ok");
  world.step = () => undefined;
  await expect(module.control.retryDeployment(blog, actor())).rejects.toMatchObject({ code: "deploy/nothing-to-retry" });
  expect((await current()).head).toBe(commit("2"));
});

test("a deployment cancelled in the moment before the commit point changes nothing", async () => {
  await push("1");
  const last = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  world.step = async (step) => {
    if (step !== "head" || !revisions().includes("2")) return;
    reached.resolve();
    await last.promise;
  };
  const pushed = outcome(push("2"));
  await reached.promise;
  const [deployment] = await module.control.deployments(blog, 1);
  const cancelled = module.control.cancelDeployment(deployment?.id ?? 0, actor());
  last.resolve();
  expect(await cancelled).toMatchObject({ state: "cancelled" });
  expect(await pushed).toMatch(/^cancelled/);
  expect(await current()).toMatchObject({ release: 1, head: commit("1") });
});

test("config that is set while the first release starts is not overwritten by it", async () => {
  const gate = hold("start 1");
  const pushed = outcome(push("1"));
  await gate.reached;
  const set = module.control.changeConfig(blog, { A: "1" }, actor());
  gate.open();
  expect(await pushed).toBe("ok");
  await set;
  expect((await current()).config).toEqual({ A: "1" });
});

test("a key limited to branches does not choose production with the first push", async () => {
  const limited: Identity = { ...identity, role: "deploy", app: "blog" as AppName, branches: "feature*" };
  expect(await outcome(push("1", "feature-x", [], limited))).toMatch(/makes feature-x its production branch/);
  expect(await outcome(push("1"))).toBe("ok");
  expect(await outcome(push("2", "feature-x", [], limited))).toBe("ok");
  expect((await current()).head).toBe(commit("1"));
});

test("the production branch gets no second environment, whose release would move its ref", async () => {
  await push("1");
  const target = parseEnvironmentName("blog@main");
  await expect(module.control.createEnvironment(target, { kind: "commit", word: commit("2") }, actor())).rejects.toMatchObject({
    code: "environment/production",
  });
  expect((await current()).head).toBe(commit("1"));
});

test("Redis emptied, and Redis killed, while operations wait: nothing is lost", async () => {
  await push("1");
  const gate = hold("start 2");
  const changes = ["A", "B"].map((key) => module.control.changeConfig(blog, { [key]: "1" }, actor()));
  await gate.reached;
  execFileSync("redis-cli", ["-s", socket(), "flushall"], { stdio: "ignore" });
  gate.open();
  await Promise.all(changes);
  await killRedis();
  const late = module.control.changeConfig(blog, { C: "1" }, actor());
  await startRedis();
  await late;
  expect(await current()).toMatchObject({ release: 4, config: { A: "1", B: "1", C: "1" } });
});

test("control killed before the commit point: the deployment is undone", async () => {
  await push("1");
  hold("start 2");
  push("2").catch(() => undefined); // its control dies
  await until(() => revisions().includes("2"));
  await module.close(); // the process is gone: nothing of its memory is used again
  world.step = () => undefined;
  module = makeControl();
  await module.start();
  await until(() => revisions().join() === "1");
  expect(await current()).toMatchObject({ release: 1, routes: 1, head: commit("1") });
  const [deployment] = await module.control.deployments(blog, 1);
  expect(deployment).toMatchObject({ state: "failed", reason: expect.stringContaining("restarted in the middle") });
  expect(await outcome(push("3"))).toBe("ok");
});

test("control killed after the commit point: the deployment is rolled forward", async () => {
  await push("1");
  hold("publish");
  hold("ref");
  push("2").catch(() => undefined); // its control dies
  await until(async () => (await module.control.deployments(blog, 1))[0]?.state === "committed");
  await module.close();
  world.step = () => undefined;
  module = makeControl();
  await module.start();
  await until(() => revisions().join() === "2");
  expect(await current()).toMatchObject({ release: 2, routes: 1, head: commit("2") });
  expect((await module.control.deployments(blog, 1))[0]).toMatchObject({ state: "live", release: 2 });
});

test.each(["while control runs", "when control is killed"])(
  "an image that is lost behind the commit point, %s: a few tries, then the deployment fails, the release before serves and nothing is held",
  async (moment) => {
    await push("1");
    const publish = hold("publish");
    const pushed = push("2");
    pushed.catch(() => undefined); // its control may die
    await publish.reached;
    world.lostImages.add("sha256:2");
    if (moment === "while control runs") {
      world.step = () => undefined;
      publish.fail(new Error("the router hangs"));
      expect(await outcome(pushed)).toMatch(/could not be brought live in 5 tries: the image of v2 of blog is missing/);
    } else {
      await module.close();
      world.step = () => undefined;
      module = makeControl();
      await module.start();
    }
    await until(() => revisions().join() === "3");
    await until(async () => (await module.control.deployments(blog, 1))[0]?.state === "live");
    const [rollback, failed] = await module.control.deployments(blog, 2);
    expect(failed).toMatchObject({ state: "failed", reason: expect.stringContaining("the image of v2 of blog is missing from the store") });
    expect(rollback).toMatchObject({ by: "pushboat", state: "live", description: expect.stringContaining("Rollback to v1") });
    expect(await current()).toMatchObject({ release: 3, routes: 1 });
    await module.control.changeConfig(blog, { A: "1" }, actor());
    expect(await outcome(push("3"))).toBe("ok");
  },
);

test.each([
  ["before the commit point of a scaling up", 1, 3, 1, "start 1"],
  ["after the commit point of a scaling down", 3, 1, 1, "publish"],
])("control killed %s: no instance beyond the formation stays", async (_, from, to, left, step) => {
  await push("1");
  const scale = (count: number) => module.control.scale(blog, [{ type: "web" as never, operator: "=", count }], false, actor());
  if (from > 1) await scale(from);
  const gate = hold(step);
  void scale(to).catch(() => undefined); // its control dies
  await gate.reached;
  await module.close();
  world.step = () => undefined;
  module = makeControl();
  await module.start();
  await until(() => world.running.size === left);
  expect(await current()).toMatchObject({ release: 1, routes: left });
});

test("hooks hear of a deployment that was undone, and of one that was rolled forward, by the next control", async () => {
  await push("1");
  const { id } = await module.control.addHook("blog" as AppName, "http://127.0.0.1:9/", ["deploy"], actor());
  for (const step of ["start 2", "publish"]) {
    const gate = hold(step);
    void module.control.changeConfig(blog, { A: step }, actor()).catch(() => undefined); // its control dies
    await gate.reached;
    await module.close();
    world.step = () => undefined;
    module = makeControl();
    await module.start();
  }
  await until(async () => (await module.control.hookDeliveries(id, 10)).length === 2);
  expect((await module.control.hookDeliveries(id, 10)).map(({ event }) => event)).toEqual(["deploy.live", "deploy.failed"]);
});

test("what waited when control was killed is done by the next one", async () => {
  await push("1");
  hold("start 2");
  void module.control.changeConfig(blog, { A: "1" }, actor()).catch(() => undefined);
  void module.control.changeConfig(blog, { B: "1" }, actor()).catch(() => undefined);
  await until(() => revisions().includes("2"));
  await module.close();
  world.step = () => undefined;
  module = makeControl();
  await module.start();
  await until(async () => (await current()).config["B"] === "1");
  expect((await current()).config).toEqual({ B: "1" });
});

test("deleting a branch destroys its environment; the production branch is not deleted by a push", async () => {
  await push("1");
  expect(await outcome(push("2", "feature-x"))).toBe("ok");
  expect((await module.control.environments("blog" as AppName)).map(({ name }) => name)).toEqual(["blog", "blog@feature-x"]);
  const remove = (branch: string) =>
    module.pushes.receive({
      app: "blog" as AppName,
      identity,
      updates: [{ ref: `refs/heads/${branch}`, oldCommit: commit("1"), newCommit: null }],
      options: [],
      progress: () => undefined,
      disconnected: new AbortController().signal,
    });
  expect(await outcome(remove("feature-x"))).toBe("ok");
  expect((await module.control.environments("blog" as AppName)).map(({ name }) => name)).toEqual(["blog"]);
  expect(world.heads.has("blog feature-x" as BranchName)).toBe(false);
  expect(await outcome(remove("main"))).toMatch(/is the production branch/);
});

test("control killed while it destroys an environment: the next one goes on, and nobody gets its name or volumes before", async () => {
  await push("1");
  await push("2", "feature-x");
  const target = parseEnvironmentName("blog@feature-x");
  await module.control.createVolume(target, "data" as VolumeName, null, actor());
  const gate = hold("remove environment");
  void module.control.destroyEnvironment(target, actor()).catch(() => undefined); // its control dies
  await gate.reached;
  await module.close();
  world.step = () => undefined;
  module = makeControl();
  await module.start();
  await until(async () => (await module.control.environments("blog" as AppName)).length === 1);
  expect(world.heads.has("blog feature-x")).toBe(false);
  expect(existsSync(join(directory, "data/volumes", encodeURIComponent("blog@feature-x")))).toBe(false);
});

test("while an environment is destroyed changes are refused, and a push waits and makes a new one", async () => {
  world.files.set("app.json", JSON.stringify({ scripts: { "pr-predestroy": "bye" } }));
  await push("1");
  await push("2", "feature-x");
  const target = parseEnvironmentName("blog@feature-x");
  await module.control.changeConfig(target, { A: "old" }, actor());
  const gate = hold("one-off predestroy");
  const destroyed = module.control.destroyEnvironment(target, actor());
  await gate.reached;
  await expect(module.control.changeConfig(target, { A: "1" }, actor())).rejects.toMatchObject({ code: "environment/gone" });
  const again = outcome(push("3", "feature-x"));
  gate.open();
  await destroyed;
  expect(await again).toMatch(/^stale: feature-x moved to nothing/); // its client saw the branch that is gone
  expect(await outcome(push("3", "feature-x"))).toBe("ok");
  expect(await module.control.config(target)).toEqual({});
  expect(readdirSync(join(directory, "data/deployments"))).toEqual(["1.ndjson", "4.ndjson", "5.ndjson"]); // 2 and 3 went with the old one
});

test("a dry run makes no environment, no deployment and moves nothing", async () => {
  await push("1");
  expect(await outcome(push("2", "feature-x", ["dry-run"]))).toBe("ok");
  expect(await module.control.environments("blog" as AppName)).toHaveLength(1);
  expect(await module.control.deployments(blog, 10)).toHaveLength(1);
});

test("a branch sees shared keys, what the commit says and generated secrets, and nothing else of production's config", async () => {
  await push("1");
  await module.control.changeConfig(blog, { SECRET_KEY: "production", MAPS: "shared", TOKEN: "production" }, actor());
  await module.control.shareKeys("blog" as AppName, ["MAPS"], true, actor());
  world.files.set("app.json", JSON.stringify({ env: { SECRET_KEY: { generator: "secret" }, MODE: "review", EXTRA: { required: false } } }));
  const branch = parseEnvironmentName("blog@feature-x");
  expect(await outcome(push("2", "feature-x"))).toBe("ok");
  const sourced = await module.control.configSources(branch);
  expect(Object.keys(sourced)).toEqual(["MAPS", "MODE", "SECRET_KEY"]);
  expect(sourced).toMatchObject({
    MAPS: { value: "shared", source: "shared" },
    MODE: { value: "review", source: "manifest" },
    SECRET_KEY: { source: "generated" },
  });
  const secret = sourced["SECRET_KEY"]?.value;
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  await module.control.changeConfig(branch, { MODE: "own" }, actor());
  expect(await module.control.configSources(branch)).toMatchObject({
    MODE: { value: "own", source: "own" },
    SECRET_KEY: { value: secret },
  });
});

test("a missing required key fails the push before the build, with the command that sets it", async () => {
  await push("1");
  world.files.set("app.json", JSON.stringify({ env: { API_KEY: { description: "of the service" } } }));
  expect(await outcome(push("2", "feature-x"))).toBe(
    "config failed: blog@feature-x needs API_KEY, which app.json calls required and nothing sets",
  );
  expect(world.log).not.toContain("build 2");
  expect(output.join("")).toContain("config:set blog@feature-x API_KEY=...");
  await module.control.changeConfig(parseEnvironmentName("blog@feature-x"), { API_KEY: "1" }, actor());
  expect(await module.control.retryDeployment(parseEnvironmentName("blog@feature-x"), actor())).toMatchObject({ state: "live" });
});

test("promotion releases the very same image with the other environment's config, without a build", async () => {
  await push("1");
  await module.control.changeConfig(blog, { A: "production" }, actor());
  await push("2", "staging");
  const builds = world.log.filter((line) => line.startsWith("build")).length;
  await module.control.promote(parseEnvironmentName("blog@staging"), blog, actor());
  const [newest] = await module.control.releases(blog);
  expect(newest).toMatchObject({ number: 3, description: "Promote blog@staging v1", imageDigest: "sha256:2", commit: commit("2") });
  expect((await current()).config).toEqual({ A: "production" });
  expect(world.log.filter((line) => line.startsWith("build")).length).toBe(builds);
});

test("the branch limit refuses one more environment and names the oldest", async () => {
  await push("1");
  await module.control.setAppSetting("blog" as AppName, "branch-limit", "1", actor());
  await push("2", "first");
  expect(await outcome(push("3", "second"))).toBe("environment failed: blog has 1 branch environments, which is its limit");
  expect(output.join("")).toContain("envs:destroy blog@first");
});

test("an environment made from a production release has no branch and no build of its own", async () => {
  await push("1");
  const demo = parseEnvironmentName("blog@pr-12");
  await module.control.createEnvironment(demo, { kind: "release", release: 1 }, actor());
  expect((await module.control.environments("blog" as AppName)).map(({ name, release }) => [name, release])).toEqual([
    ["blog", 1],
    ["blog@pr-12", 1],
  ]);
  expect(world.heads.has("blog pr-12")).toBe(false);
});

test("a protected branch has a password with its first release and keeps it", async () => {
  await push("1");
  await module.control.setAppSetting("blog" as AppName, "protect-branches", "on", actor());
  await push("2", "feature-x");
  const route = () => world.table?.routes.find(({ environment }) => environment === "blog@feature-x");
  const access = route()?.access;
  expect(access).toMatchObject({ user: "blog", passwordSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(output.join("")).toMatch(/protected: user blog, password [\w-]{16}\n/);
  await push("3", "feature-x");
  expect(route()?.access).toEqual(access);
  expect(world.table?.routes.find(({ environment }) => environment === "blog")?.access).toBeUndefined();
});

test("a hook is told of deployments and environments, signed, and again where it did not answer", async () => {
  const received: { readonly event: string; readonly body: Record<string, unknown>; readonly signed: boolean }[] = [];
  let secret = "";
  let refusals = 1;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    if (refusals > 0) {
      refusals -= 1;
      response.writeHead(500).end();
      return;
    }
    received.push({
      event: String(request.headers["x-pushboat-event"]),
      body: JSON.parse(body),
      signed: request.headers["x-pushboat-signature"] === signature,
    });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await push("1");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const hook = await module.control.addHook("blog" as AppName, url, ["deploy", "env"], actor());
    secret = hook.secret;
    await push("2", "feature-x");
    await until(() => received.length === 2);
    expect(received.map(({ event, signed }) => [event, signed]).sort()).toEqual([
      ["deploy.live", true],
      ["env.created", true],
    ]);
    expect(received.find(({ event }) => event === "deploy.live")?.body).toMatchObject({
      environment: "blog@feature-x",
      release: 1,
      url: "http://feature-x--blog.localhost:8080",
    });
    await until(async () => (await module.control.hookDeliveries(hook.id, 10)).every(({ nextMs }) => nextMs === null));
    const deliveries = await module.control.hookDeliveries(hook.id, 10);
    expect(deliveries.map(({ attempts }) => attempts).sort()).toEqual([1, 2]);
  } finally {
    server.close();
  }
});

test("postdeploy runs once, and pr-predestroy before the environment ends, in its current image", async () => {
  world.files.set("app.json", JSON.stringify({ scripts: { postdeploy: "seed", "pr-predestroy": "unseed" } }));
  await push("1");
  await push("2", "feature-x");
  await push("3", "feature-x");
  await module.control.destroyEnvironment(parseEnvironmentName("blog@feature-x"), actor());
  expect(world.log.filter((line) => line.startsWith("run "))).toEqual([
    "run seed of blog v1",
    "run seed of blog@feature-x v1",
    "run unseed of blog@feature-x v2",
  ]);
});
