/** A runtime of its own on the real engine: own data and run directories, everything removed afterwards. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import {
  type AppName,
  DEFAULT_SIZE,
  type DeployEvent,
  type EnvironmentName,
  type HealthCheck,
  type HealthRules,
  type Image,
  type Instance,
  type InstanceSize,
  type Layer,
  type LogLine,
  NO_HEALTH_RULES,
  type OneOffIo,
  type OneOffResult,
  type OneOffSpec,
  type ProcessDefinition,
  type ProcessType,
  parseSettings,
  type ReadinessRule,
  type Runtime,
  type Settings,
  type Workload,
} from "../../../core/index.ts";
import { createRuntime } from "../../../runtime/index.ts";
import { makeSmallRootfs } from "./engine/small-rootfs.ts";

export const BLOG = "blog" as EnvironmentName;
export const NEVER = new AbortController().signal;

/** Answers HTTP on every address at PORT. Boots in some 20 ms. */
export const SERVER = server("0.0.0.0", '$ENV{"PORT"}');

/** A perl that listens and answers 200 to everything. */
export function server(host: string, port: string, before = ""): string {
  return `exec perl -MIO::Socket::INET -e '${before} $| = 1; my $s = IO::Socket::INET->new(LocalAddr => "${host}", LocalPort => ${port}, Listen => 128, ReuseAddr => 1) or die "listen: $!"; print "ready\\n"; while (my $c = $s->accept) { my $l = <$c>; print $c "HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\nconnection: close\\r\\n\\r\\nok"; close $c }'`;
}

export function httpCheck(path: string, patch: Partial<HealthCheck> = {}): HealthCheck {
  const probe = { kind: "http", port: null, path, statuses: [], headers: {}, content: null } as const;
  return { probe, attempts: 2, timeoutMs: 2_000, waitMs: 100, ...patch };
}

export interface ProcessRequest {
  readonly command: string;
  readonly quantity?: number;
  readonly size?: Partial<InstanceSize>;
  readonly readiness?: Partial<ReadinessRule>;
  readonly health?: Partial<HealthRules>;
}

export interface GivenRuntime {
  readonly runtime: Runtime;
  readonly settings: Settings;
  /** What failed and nobody waited for. */
  readonly complaints: string[];
  workload(processes: Readonly<Record<string, ProcessRequest>>, patch?: Partial<Workload>): Workload;
  /** As after kill -9 of control: the old one's watching ends, a new one finds what runs. */
  restarted(): Promise<Runtime>;
  end(): Promise<void>;
}

export async function givenRuntime(settingsPatch: Partial<Settings> = {}): Promise<GivenRuntime> {
  const directory = mkdtempSync(join(tmpdir(), "pushboat-runtime-"));
  const platformId = randomBytes(4).toString("hex");
  const settings: Settings = {
    ...parseSettings({ PUSHBOAT_DATA: join(directory, "data") }),
    platformId,
    runDirectory: `/run/pushboat/${platformId}`,
    stopTimeoutMs: 5_000,
    ...settingsPatch,
  };
  makeSmallRootfs(join(directory, "root"));
  const complaints: string[] = [];
  const note = (details: object, message: string): void => {
    complaints.push(`${message} ${"err" in details ? String(details.err) : JSON.stringify(details)}`);
  };
  const open = (): Runtime => createRuntime({ settings, log: { warn: note, error: note } }).runtime;
  let runtime = open();
  await runtime.adopt();
  return {
    get runtime() {
      return runtime;
    },
    settings,
    complaints,
    workload: (processes, patch) => ({ ...givenWorkload(join(directory, "root"), processes), ...patch }),
    restarted: async () => {
      await runtime.close();
      runtime = open();
      await runtime.adopt();
      return runtime;
    },
    end: async () => {
      await runtime.teardown();
      await runtime.close();
      for (const path of [directory, settings.runDirectory]) rmSync(path, { recursive: true, force: true });
    },
  };
}

export interface Recorded {
  readonly events: DeployEvent[];
  readonly onEvent: (event: DeployEvent) => void;
  readonly signal: AbortSignal;
}

export function recorded(signal: AbortSignal = NEVER): Recorded {
  const events: DeployEvent[] = [];
  return { events, onEvent: (event) => void events.push(event), signal };
}

/** The lines of output among the events: `web.1: text`. */
export function outputOf({ events }: Recorded): string[] {
  return events.flatMap((event) => (event.kind === "output" ? [`${event.source}: ${event.text}`] : []));
}

export function namesOf(instances: readonly Instance[]): string[] {
  return instances.map((instance) => `${instance.type}.${instance.index}`);
}

export async function logOf(runtime: Runtime, process: string | null = null): Promise<string[]> {
  const lines: LogLine[] = [];
  for await (const line of runtime.logs({ environment: BLOG, lines: null, process, follow: false, signal: NEVER })) lines.push(line);
  return lines.map((line) => `${line.source}: ${line.text}`);
}

export interface OneOffOutcome extends OneOffResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** A shell command in a one-off, its output as text. */
export async function runOneOff(
  runtime: Runtime,
  workload: Workload,
  command: string,
  patch: Partial<OneOffSpec> & { readonly io?: Partial<OneOffIo> } = {},
): Promise<OneOffOutcome> {
  const { io, ...spec } = patch;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const texts = Promise.all([text(stdout), text(stderr)]);
  const definition: ProcessDefinition = { form: "shell", command: [command] };
  try {
    const result = await runtime.runOneOff(
      { workload, name: "run.1", definition, size: DEFAULT_SIZE, extraEnv: {}, signal: NEVER, ...spec },
      { stdin: null, stdout, stderr, terminal: null, onSignal: () => {}, ...io },
    );
    stdout.end();
    stderr.end();
    const [out, err] = await texts;
    return { ...result, stdout: out, stderr: err };
  } finally {
    stdout.end();
    stderr.end();
  }
}

function givenWorkload(root: string, processes: Readonly<Record<string, ProcessRequest>>): Workload {
  const layer: Layer = { id: "base-test", kind: "base", title: "base", directories: [root] };
  const image: Image = {
    digest: "sha256:test",
    layers: [layer],
    config: { env: { LANG: "C" }, workingDirectory: "/app", uid: 1000, gid: 1000 },
    processes: {},
  };
  return {
    app: "blog" as AppName,
    environment: BLOG,
    slot: 1,
    revision: "1",
    release: 1,
    image,
    env: { GREETING: "hello" },
    volumes: [],
    allowed: [],
    processes: Object.entries(processes).map(([type, request]) => ({
      type: type as ProcessType,
      definition: { form: "shell", command: [request.command] },
      quantity: request.quantity ?? 1,
      size: { ...DEFAULT_SIZE, ...request.size },
      readiness: { checks: [], timeoutMs: 10_000, upForMs: 200, ...request.readiness },
      health: { ...NO_HEALTH_RULES, ...request.health },
      strategy: "overlap",
      readOnly: false,
      tmpfs: [],
    })),
  };
}
