import { expect, test } from "vitest";
import { scaled } from "../../../control/candidate.ts";
import { routeCondition } from "../../../control/route-feed.ts";
import { makeWorkload } from "../../../control/workload.ts";
import {
  type AppName,
  type BranchName,
  EMPTY_MANIFEST,
  type EnvironmentName,
  type Image,
  type ProcessType,
  parseScaleChange,
  parseSettings,
} from "../../../core/index.ts";

const shell = (command: string) => ({ form: "shell" as const, command: [command] });
const image = (types: Record<string, string>): Image => ({
  digest: "sha256:1",
  layers: [],
  config: { env: {}, workingDirectory: "/app", uid: 1000, gid: 1000 },
  processes: Object.fromEntries(Object.entries(types).map(([type, command]) => [type, shell(command)])) as Image["processes"],
});

test("first deploy: web runs once, other types wait for ps:scale", () => {
  expect(scaled(image({ web: "w", worker: "x", release: "r" }), {}, [])).toEqual({ web: 1, worker: 0 });
});

test("a vanished type goes away and a staying type keeps its count", () => {
  expect(scaled(image({ web: "w", cron: "c" }), { web: 3, worker: 2 }, [])).toEqual({ web: 3, cron: 0 });
});

test("the release command cannot be scaled", () => {
  expect(() => scaled(image({ web: "w", release: "r" }), {}, [parseScaleChange("release=1")])).toThrow(/no process type "release"/);
});

const environment = {
  name: "blog@x" as EnvironmentName,
  app: "blog" as AppName,
  branch: "x" as BranchName,
  slot: 3,
  createdMs: 0,
  currentRelease: 7,
  revision: "7",
  maintenance: false,
  holding: false,
  lastPushMs: null,
  kept: false,
  asleep: false,
  ending: false,
};

test("a workload holds config, what Pushboat injects, mounted volumes and every type but release", () => {
  const workload = makeWorkload({
    settings: parseSettings({ PUSHBOAT_DATA: "/data" }),
    environment,
    release: 7,
    revision: "7",
    commit: null,
    image: image({ web: "w", release: "r" }),
    config: { A: "1", PUSHBOAT_APP: "lie" },
    manifest: EMPTY_MANIFEST,
    formation: { web: 2 },
    sizes: {},
    stops: [],
    mounts: [
      { name: "uploads", mountedAt: "/app/uploads", limitBytes: 1024 ** 3 },
      { name: "spare", mountedAt: null, limitBytes: null },
    ],
    allowed: [],
    url: "http://x--blog.localhost:8080",
  });
  expect(workload.env).toEqual({
    A: "1",
    PUSHBOAT_APP: "blog",
    PUSHBOAT_ENVIRONMENT: "blog@x",
    PUSHBOAT_RELEASE: "v7",
    PUSHBOAT_URL: "http://x--blog.localhost:8080",
  });
  expect(workload.processes.map(({ type, quantity }) => [type, quantity])).toEqual([["web" as ProcessType, 2]]);
  expect(workload.volumes).toEqual([
    { volume: "uploads", hostDirectory: "/data/volumes/blog%40x/uploads", target: "/app/uploads", limitBytes: 1024 ** 3 },
  ]);
});

test.each([
  [
    {
      environment: { currentRelease: null, maintenance: false, holding: false, asleep: false },
      targets: 0,
      quantity: 1,
      allCrashed: false,
    },
    "empty",
  ],
  [
    { environment: { currentRelease: 1, maintenance: true, holding: false, asleep: false }, targets: 2, quantity: 2, allCrashed: false },
    "maintenance",
  ],
  [
    { environment: { currentRelease: 1, maintenance: true, holding: true, asleep: false }, targets: 2, quantity: 2, allCrashed: false },
    "starting",
  ],
  [
    { environment: { currentRelease: null, maintenance: true, holding: true, asleep: false }, targets: 2, quantity: 2, allCrashed: false },
    "maintenance",
  ],
  [
    { environment: { currentRelease: 1, maintenance: false, holding: false, asleep: false }, targets: 1, quantity: 2, allCrashed: false },
    "up",
  ],
  [
    { environment: { currentRelease: 1, maintenance: false, holding: false, asleep: false }, targets: 0, quantity: 0, allCrashed: false },
    "no-web",
  ],
  [
    { environment: { currentRelease: 1, maintenance: false, holding: false, asleep: false }, targets: 0, quantity: 1, allCrashed: true },
    "crashed",
  ],
  [
    { environment: { currentRelease: 1, maintenance: false, holding: false, asleep: false }, targets: 0, quantity: 1, allCrashed: false },
    "starting",
  ],
  [
    { environment: { currentRelease: 1, maintenance: false, holding: false, asleep: true }, targets: 1, quantity: 1, allCrashed: false },
    "asleep",
  ],
  [
    {
      environment: { currentRelease: 1, maintenance: false, holding: false, asleep: true },
      targets: 0,
      quantity: 1,
      stopped: true,
      allCrashed: false,
    },
    "stopped",
  ],
] as const)("a host's condition: %j is %s", (facts, condition) => {
  expect(routeCondition({ stopped: false, ...facts })).toBe(condition);
});
