/** The scheduler on a real store, with a clock of the test's own and a runtime that only writes down. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createCron } from "../../../control/cron.ts";
import type { Deps } from "../../../control/deps.ts";
import { createRuns } from "../../../control/runs.ts";
import { openStore, type Store } from "../../../control/store/index.ts";
import {
  type AppName,
  type DetachedSpec,
  EMPTY_MANIFEST,
  type EnvironmentName,
  type OneOffEnd,
  readManifest,
} from "../../../core/index.ts";

const blog = "blog" as AppName;
const production = "blog" as EnvironmentName;
let directory: string;
let store: Store;
let nowMs: number;
let started: string[];
let ended: string[];
let tellEnd: (end: OneOffEnd) => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  directory = mkdtempSync(join(tmpdir(), "cron-"));
  store = openStore(directory);
  store.apps.createApp(blog, 1);
  nowMs = Date.parse("2026-08-01T10:30:00Z");
  started = [];
  ended = [];
});
afterEach(() => {
  vi.useRealTimers();
  store.close();
  rmSync(directory, { recursive: true });
});

/** A control process of its own on the same store; what ran before runs on. */
function givenControl() {
  const deps = {
    store,
    now: () => nowMs,
    log: pino({ level: "silent" }),
    settings: { dataDirectory: directory, domain: "localhost", httpPort: 8080 },
    builder: { image: async () => ({ processes: { web: { form: "shell", command: ["w"] } }, layers: [], config: {} }) },
    runtime: {
      startDetached: async (spec: DetachedSpec) => void started.push(`${spec.name} ${spec.definition.command.join(" ")}`),
      onDetachedEnd: (listener: (end: OneOffEnd) => void) => {
        tellEnd = listener;
      },
      endOneOff: async (environment: EnvironmentName, name: string, reason: string) => {
        ended.push(name);
        tellEnd({ environment, name, exitCode: 143, reason, lastLines: [] });
        return true;
      },
      oneOffs: () => started.map((one) => ({ name: one.split(" ")[0] })),
      writeLog: () => undefined,
    },
  } as unknown as Deps;
  const runs = createRuns(deps);
  return { cron: createCron(deps, runs), runs };
}

function givenRelease(yml: string): void {
  const manifest = yml === "" ? EMPTY_MANIFEST : readManifest({ appJson: null, pushboatYml: yml }, null);
  const deployment = store.deployments.create({
    app: blog,
    environment: production,
    branch: null,
    kind: "push",
    commit: null,
    oldCommit: null,
    payload: {},
    description: "d",
    by: "alice",
    createdMs: 2,
  });
  const release = store.releases.createPending({
    environment: production,
    description: "d",
    commit: null,
    imageDigest: "sha256:1",
    config: {},
    own: {},
    manifest,
    deployment: deployment.id,
    by: "alice",
    createdMs: 3,
  });
  store.releases.commit({
    deployment,
    environment: production,
    release,
    revision: `${release}`,
    own: {},
    generated: {},
    formation: { web: 1 },
    sizes: {},
    mounts: {},
    stops: [],
  });
}

async function pass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    for (let half = 0; half < 2; half += 1) {
      nowMs += 30_000;
      await vi.advanceTimersByTimeAsync(30_000);
    }
  }
}

const states = () => store.runs.runs(production, "tick", 10).map(({ state, reason }) => `${state}${reason === null ? "" : `: ${reason}`}`);
const tick = (more = "") => `cron: { tick: { schedule: "0 * * * *", command: bin/tick${more} } }`;

it("runs a job at its times, from the release that is current then", async () => {
  givenRelease(tick());
  const { cron } = givenControl();
  cron.start();
  await pass(29);
  expect(started).toEqual([]);
  await pass(1);
  expect(started).toEqual(["cron.1 bin/tick"]);
  tellEnd({ environment: production, name: "cron.1", exitCode: 3, reason: "exited with code 3", lastLines: ["a", "b"] });
  givenRelease(`cron: { tick: { schedule: "0 * * * *", command: bin/tock } }`);
  cron.look();
  await pass(60);
  expect(started).toEqual(["cron.1 bin/tick", "cron.2 bin/tock"]);
  expect(store.runs.runs(production, "tick", 10)).toMatchObject([
    { id: 2, state: "running", release: 2, by: "cron", dueMs: Date.parse("2026-08-01T12:00:00Z") },
    { id: 1, state: "failed", exitCode: 3, release: 1 },
  ]);
  expect(store.runs.output(1)).toBe("a\nb");
  cron.close();
});

it("forbid skips a time while the last run goes on, allow does not, replace ends it first", async () => {
  givenRelease(tick());
  const { cron } = givenControl();
  cron.start();
  await pass(90);
  expect(states()).toEqual(["skipped: its last run (cron.1) still goes on", "running"]);
  givenRelease(tick(", concurrency: allow"));
  cron.look();
  await pass(60);
  expect(states()).toEqual(["running", "skipped: its last run (cron.1) still goes on", "running"]);
  givenRelease(tick(", concurrency: replace"));
  cron.look();
  await pass(60);
  expect(ended).toEqual(["cron.1", "cron.3"]);
  expect(states().slice(0, 2)).toEqual(["running", "failed: replaced by its next run"]);
  cron.close();
});

it("a control that was down for hours runs a job once for all the times it missed, or writes down that it did not", async () => {
  givenRelease(`cron: { tick: { schedule: "0 * * * *", command: bin/tick }, tock: { schedule: "0 * * * *", command: t, missed: skip } }`);
  const first = givenControl();
  first.cron.start();
  first.cron.close();
  nowMs += 5 * 3_600_000;
  const second = givenControl();
  second.runs.settle();
  second.cron.start();
  await pass(1);
  expect(started).toEqual([expect.stringContaining("bin/tick")]);
  expect(store.runs.runs(production, "tock", 10)).toMatchObject([{ state: "skipped", reason: "Pushboat was not running when it was due" }]);
  await pass(1);
  expect(started).toHaveLength(1);
  second.cron.close();
});

it("a job that rested, or was not there, has missed nothing when it comes back", async () => {
  givenRelease(tick());
  const { cron } = givenControl();
  cron.start();
  givenRelease(tick(", suspended: true"));
  cron.look();
  await pass(180);
  expect(started).toEqual([]);
  givenRelease(tick());
  cron.look();
  await pass(29);
  expect(started).toEqual([]);
  await pass(1);
  expect(started).toHaveLength(1);
  cron.close();
});

it("nothing runs in an environment that its owner stopped, and nothing was missed when it is started", async () => {
  givenRelease(tick());
  const { cron } = givenControl();
  cron.start();
  store.releases.setStops(production, ["web"]);
  cron.look();
  await pass(180);
  expect(started).toEqual([]);
  store.releases.setStops(production, []);
  cron.look();
  await pass(29);
  expect(started).toEqual([]);
  await pass(1);
  expect(started).toHaveLength(1);
  cron.close();
});

it("what was running when the machine went is lost, and says so", async () => {
  givenRelease(tick());
  const { cron } = givenControl();
  cron.start();
  await pass(30);
  cron.close();
  started = [];
  givenControl().runs.settle();
  expect(states()).toEqual(["lost: it ended with the machine, or Pushboat was stopped"]);
});
