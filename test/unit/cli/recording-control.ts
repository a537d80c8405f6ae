/** A seam double of Control for the tests of the face: it records what was asked and answers from fixed data. */
import type {
  AppSummary,
  CertificateSummary,
  Control,
  EnvironmentSummary,
  HostCertificateSummary,
  Outcome,
  RunSummary,
  TokenSummary,
  VolumeSummary,
} from "../../../control/index.ts";
import {
  DEFAULT_SIZE,
  type Deployment,
  type Instance,
  parseAppName,
  parseBranchName,
  parseCommitId,
  parseEnvironmentName,
  parseHostName,
  parseKeyName,
  parseProcessType,
  parseVolumeName,
  type Release,
} from "../../../core/index.ts";

export const NOW_MS = Date.parse("2026-08-01T10:05:00Z");
const MINUTE_MS = 60_000;

const blog = parseAppName("blog");
const production = parseEnvironmentName("blog").name;
const feature = parseEnvironmentName("blog@feature-x").name;
const commit = parseCommitId("1a2b3c4d".repeat(5));

const ROUTER_REPORT = {
  pid: 4712,
  uptimeMs: 65_400,
  listening: true,
  version: 17,
  connections: 3,
  requests: 1204,
  inFlight: { [production]: 2 },
};

const ENVIRONMENTS: readonly EnvironmentSummary[] = [
  {
    name: production,
    branch: parseBranchName("main"),
    production: true,
    url: "http://blog.localhost:8080",
    hosts: [parseHostName("blog.localhost"), parseHostName("www.example.com")],
    release: 13,
    commit,
    state: "up",
    reason: null,
    maintenance: false,
    createdMs: NOW_MS - 5 * MINUTE_MS,
    expiresMs: null,
    protected: false,
  },
  {
    name: feature,
    branch: parseBranchName("feature-x"),
    production: false,
    url: "http://feature-x--blog.localhost:8080",
    hosts: [parseHostName("feature-x--blog.localhost")],
    release: null,
    commit: null,
    state: "maintenance",
    reason: null,
    maintenance: true,
    createdMs: NOW_MS - 3 * 60 * MINUTE_MS,
    expiresMs: NOW_MS + 4 * 24 * 60 * MINUTE_MS,
    protected: true,
  },
];

const CERTIFICATE: CertificateSummary = {
  id: 3,
  names: "www.example.com",
  issuer: "Some CA",
  expiresMs: NOW_MS + 80 * 24 * 60 * MINUTE_MS,
};

const APP: AppSummary = {
  name: blog,
  createdMs: NOW_MS - 50 * 24 * 60 * MINUTE_MS,
  productionBranch: parseBranchName("main"),
  environments: ENVIRONMENTS,
  settings: { "production-branch": "main" },
};

export const DEPLOYMENT: Deployment = {
  id: 42,
  app: blog,
  environment: production,
  branch: parseBranchName("main"),
  kind: "push",
  state: "live",
  commit,
  description: "Deploy 1a2b3c4",
  by: "alice",
  createdMs: NOW_MS - MINUTE_MS,
  finishedMs: NOW_MS - 30_000,
  release: 13,
  reason: null,
};

const RELEASES: readonly Release[] = [13, 12, 11, 10].map((number) => ({
  environment: production,
  number,
  description: number === 12 ? "Set GREETING config vars" : "Deploy 1a2b3c4",
  commit,
  imageDigest: `sha256:${"ab".repeat(32)}`,
  by: "alice",
  createdMs: NOW_MS - (14 - number) * 40 * MINUTE_MS,
  state: number === 13 ? "current" : number === 12 ? "failed" : number === 11 ? "pending" : "past",
}));

const INSTANCE: Instance = {
  id: "blog-web-1",
  environment: production,
  revision: "13",
  release: 13,
  type: parseProcessType("web"),
  index: 1,
  state: "up",
  address: { ip: "198.18.0.9", port: 5000 },
  pid: 4242,
  memoryBytes: 61_000_000,
  restarts: 0,
  sinceMs: NOW_MS - 5 * MINUTE_MS,
  reason: null,
};

const INSTANCES: readonly Instance[] = [
  { ...INSTANCE, id: "blog-web-2", index: 2 },
  INSTANCE,
  {
    ...INSTANCE,
    id: "blog-worker-1",
    type: parseProcessType("worker"),
    state: "crashed",
    address: null,
    restarts: 3,
    reason: "exited with 1",
  },
];

const ADMIN = { role: "admin", app: null, branches: null } as const;
const VOLUME: VolumeSummary = {
  name: parseVolumeName("uploads"),
  environment: production,
  mountedAt: "/app/uploads",
  bytes: 12_582_912,
  limitBytes: null,
};
const TOKEN: TokenSummary = { name: parseKeyName("ci"), createdMs: NOW_MS, expiresMs: NOW_MS + 7 * 24 * 60 * MINUTE_MS, ...ADMIN };
const KEY = { name: parseKeyName("alice"), fingerprint: "SHA256:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", createdMs: NOW_MS, ...ADMIN };
const OUTCOME: Outcome = { release: 14, deployment: { ...DEPLOYMENT, id: 43, kind: "config", release: 14 } };

const RUN: RunSummary = {
  id: 17,
  name: "cron.17",
  environment: production,
  job: "backup",
  command: "bin/backup",
  release: 13,
  by: "cron",
  dueMs: NOW_MS - 2 * MINUTE_MS,
  startedMs: NOW_MS - 2 * MINUTE_MS,
  endedMs: NOW_MS - MINUTE_MS,
  state: "done",
  exitCode: 0,
  reason: "exited with code 0",
};

export const CONFIG = { GREETING: "hello", MOTTO: "it's a fine day", LINES: "one\ntwo" };

export interface Asked {
  readonly method: string;
  /** Without the Actor, which carries functions. */
  readonly with: readonly unknown[];
}

export interface RecordingControl {
  readonly control: Control;
  readonly asked: readonly Asked[];
}

/** Overrides replace single methods. */
export function recordingControl(overrides: Partial<Control> = {}): RecordingControl {
  const asked: Asked[] = [];
  const answers: Control = {
    disk: async () => ({
      totalBytes: 100_000_000,
      usedBytes: 60_000_000,
      freeBytes: 40_000_000,
      cacheBudgetBytes: 10_000_000,
      layerBytes: 5_000_000,
      layerBudgetBytes: 20_000_000,
      baseBytes: 1,
      languageBytes: 2,
      sharedLayerBytes: 3,
      apps: [{ app: parseAppName("blog"), bytes: { dependencies: 1, files: 2, caches: 3, logs: 4, volumes: 5, repository: 6 } }],
    }),
    routes: async () => [
      {
        environment: production,
        hosts: [parseHostName("www.example.com"), parseHostName("blog.localhost")],
        condition: "up",
        targets: [{ instance: "web.1", address: "198.18.0.9:5000" }],
        holdMs: 60_000,
      },
      { environment: feature, hosts: [parseHostName("feature-x--blog.localhost")], condition: "maintenance", targets: [], holdMs: 60_000 },
    ],
    routerReport: async () => ROUTER_REPORT,
    restartRouter: async () => ROUTER_REPORT,
    status: async () => ({
      version: "0.1.0",
      processes: [
        { name: "control", pid: 100 },
        { name: "router", pid: 101 },
      ],
      domain: "localhost",
      httpPort: 8080,
      sshPort: 2222,
      dataDirectory: "/var/lib/pushboat",
      apps: 1,
      instances: 3,
      queued: 0,
      redis: "up",
      router: "up",
    }),
    checkState: async () => [],
    createApp: async (name) => ({ ...APP, name }),
    destroyApp: async () => {},
    apps: async () => [APP],
    app: async () => APP,
    setAppSetting: async () => {},
    config: async () => CONFIG,
    changeConfig: async () => OUTCOME,
    instances: async () => INSTANCES,
    formation: async () => [
      { type: parseProcessType("web"), quantity: 2, command: "npm start", size: DEFAULT_SIZE, usual: DEFAULT_SIZE },
      {
        type: parseProcessType("worker"),
        quantity: 1,
        command: "node worker.js",
        size: { ...DEFAULT_SIZE, memoryBytes: 1024 ** 3, cpus: 1.5 },
        usual: DEFAULT_SIZE,
      },
    ],
    scale: async () => ({ release: null, deployment: { ...DEPLOYMENT, kind: "scale", release: null } }),
    restart: async () => ({ release: null, deployment: { ...DEPLOYMENT, kind: "restart", release: null } }),
    signal: async () => {},
    logs: async function* () {
      yield { time: "2026-08-01T10:00:00.123456+00:00", source: "app[web.1]", text: "listening" };
      yield { time: "2026-08-01T10:04:30.000000+00:00", source: "pushboat[router]", text: 'at=info method=GET path="/"' };
    },
    releases: async () => RELEASES,
    releaseOutput: async () => "migrating\ndone\n",
    rollback: async () => OUTCOME,
    deployments: async (_, limit) =>
      [DEPLOYMENT, { ...DEPLOYMENT, id: 41, state: "failed" as const, release: null, reason: "build failed" }].slice(0, limit),
    cancelDeployment: async (id) => ({ ...DEPLOYMENT, id, state: "cancelled", release: null }),
    attachDeployment: async (id, actor) => {
      actor.onEvent({ kind: "phase-started", phase: "build", title: "Building" });
      actor.onEvent({ kind: "detail", text: "Node 24" });
      return { ...DEPLOYMENT, id };
    },
    retryDeployment: async () => DEPLOYMENT,
    environments: async () => ENVIRONMENTS,
    destroyEnvironment: async () => {},
    createEnvironment: async () => OUTCOME,
    keepEnvironment: async () => {},
    promote: async () => OUTCOME,
    diffEnvironments: async () => ({
      onlyLeft: ["1a2b3c4 a new page"],
      onlyRight: [],
      config: { onlyLeft: ["DEBUG"], onlyRight: ["SECRET"], different: ["GREETING"] },
      formation: { left: { web: 1 }, right: { web: 2, worker: 1 } },
      layers: [
        { title: "dependencies", same: true, leftBytes: 5_000_000, rightBytes: 5_000_000 },
        { title: "app", same: false, leftBytes: 20_000, rightBytes: 19_000 },
      ],
    }),
    protectEnvironment: async (target, on) => ({ user: target.app, password: on ? "pw" : null }),
    configSources: async () => ({
      GREETING: { value: "hello", source: "own" as const },
      MAPS_KEY: { value: "abc", source: "shared" as const },
      SECRET: { value: "f00", source: "generated" as const },
    }),
    shareKeys: async () => {},
    addHook: async (app, url, topics) => ({ id: 3, app, url, topics, createdMs: NOW_MS, secret: "s3cret" }),
    hooks: async (app) => [{ id: 3, app, url: "https://ci.example.com/pushboat", topics: ["deploy", "env"], createdMs: NOW_MS }],
    addDrain: async (app, url) => ({ id: 3, app, url, createdMs: NOW_MS, sent: 0, lost: 0, waiting: 0, error: null }),
    drains: async (app) => [
      { id: 3, app, url: "https://user:***@logs.example.com/in", createdMs: NOW_MS, sent: 512, lost: 0, waiting: 0, error: null },
      {
        id: 4,
        app,
        url: "syslog+tls://logs.example.com:6514",
        createdMs: NOW_MS,
        sent: 7,
        lost: 90,
        waiting: 10_000,
        error: "ECONNREFUSED",
      },
    ],
    removeDrain: async () => {},
    removeHook: async () => {},
    hookDeliveries: async () => [
      { id: 8, event: "deploy.live", createdMs: NOW_MS, attempts: 1, nextMs: null, outcome: "200 OK" },
      { id: 7, event: "env.created", createdMs: NOW_MS - MINUTE_MS, attempts: 2, nextMs: NOW_MS + MINUTE_MS, outcome: "ECONNREFUSED" },
    ],
    audit: async () => [
      { atMs: NOW_MS, who: "alice", via: "ssh", from: "198.51.100.7", action: "config", target: "blog: Set A config vars" },
    ],
    addKey: async (name) => ({ ...KEY, name }),
    keys: async () => [KEY],
    removeKey: async () => {},
    createToken: async (name) => ({ ...TOKEN, name, token: "pb_secret" }),
    tokens: async () => [TOKEN],
    removeToken: async () => {},
    addDomain: async () => {},
    removeDomain: async () => {},
    domains: async () => [parseHostName("www.example.com")],
    addCertificate: async () => CERTIFICATE,
    certificates: async (target) => ({ hosts: hostCertificates(target.name), given: [CERTIFICATE] }),
    allCertificates: async () => hostCertificates(production),
    removeCertificate: async () => {},
    localAuthority: async () => "-----BEGIN CERTIFICATE-----\n",
    maintenance: async () => {},
    createVolume: async (_, name) => ({ ...VOLUME, name, mountedAt: null, bytes: 0 }),
    volumes: async () => [VOLUME, { ...VOLUME, name: parseVolumeName("old"), mountedAt: null }],
    mountVolume: async () => OUTCOME,
    unmountVolume: async () => OUTCOME,
    destroyVolume: async () => {},
    addLink: async () => {},
    removeLink: async () => {},
    links: async () => [parseEnvironmentName("shop").name],
    allowNetwork: async () => {},
    denyNetwork: async () => {},
    allowedNetwork: async () => [{ address: "10.0.0.5", port: 5432 }],
    stop: async (_, name) =>
      name === "run.17" ? null : { release: null, deployment: { ...DEPLOYMENT, kind: "stop" as const, release: null } },
    start: async () => ({ release: null, deployment: { ...DEPLOYMENT, kind: "start" as const, release: null } }),
    usage: async () => [
      {
        name: "web.1",
        id: "blog-web-1",
        state: "up",
        restarts: 2,
        memoryBytes: 61_000_000,
        memoryLimitBytes: 512 * 1024 * 1024,
        processes: 12,
        cpuMs: 4200.5,
        readBytes: 0,
        writtenBytes: 4096,
        receivedBytes: 1_000_000,
        sentBytes: 2_000_000,
      },
    ],
    exec: async () => 0,
    runDetached: async () => ({
      ...RUN,
      name: "run.17",
      job: null,
      by: "alice",
      dueMs: null,
      endedMs: null,
      state: "running",
      exitCode: null,
    }),
    cronJobs: async () => [
      {
        name: "backup",
        schedule: "0 3 * * *",
        timezone: "Europe/Berlin",
        command: "bin/backup",
        concurrency: "forbid",
        missed: "run",
        timeLimitMs: 3_600_000,
        suspended: false,
        nextMs: NOW_MS + MINUTE_MS,
        last: RUN,
      },
      {
        name: "mails",
        schedule: "@hourly",
        timezone: "UTC",
        command: "bin/mails",
        concurrency: "allow",
        missed: "skip",
        timeLimitMs: 60_000,
        suspended: true,
        nextMs: null,
        last: null,
      },
    ],
    runCron: async () => RUN,
    runs: async () => [{ ...RUN, id: 18, name: "cron.18", state: "failed", exitCode: 1, reason: "exited with code 1" }, RUN],
    runOutput: async () => "saved 3 files",
    run: async () => 0,
    deployImage: async () => OUTCOME,
    loginRegistry: async () => {},
    logoutRegistry: async () => {},
    registries: async () => [{ host: "registry.example.com", user: "ci" }],
    exportImage: async () => ({ digest: `sha256:${"cd".repeat(32)}` }),
  };
  const all = { ...answers, ...overrides };
  const control = new Proxy(all, {
    get:
      (target, method: keyof Control) =>
      (...args: unknown[]) => {
        asked.push({ method, with: args.filter((arg) => !isPlumbing(arg)) });
        return Reflect.apply(target[method], target, args);
      },
  });
  return { control, asked };
}

/** An Actor, or the streams of `run`. */
function isPlumbing(arg: unknown): boolean {
  return typeof arg === "object" && arg !== null && ("onEvent" in arg || "onSignal" in arg);
}

function hostCertificates(environment: typeof production): readonly HostCertificateSummary[] {
  const none = { environment, source: null, names: null, issuer: null, expiresMs: null, error: null, nextMs: null };
  const blog = parseHostName("blog.apps.example.com");
  return [
    {
      ...none,
      host: blog,
      source: "acme",
      names: blog,
      issuer: "R11",
      expiresMs: NOW_MS + 60 * 1440 * MINUTE_MS,
      nextMs: NOW_MS + 30 * 1440 * MINUTE_MS,
    },
    { ...none, host: parseHostName("www.example.com"), error: "no such name in the DNS", nextMs: NOW_MS + 4 * MINUTE_MS },
  ];
}
