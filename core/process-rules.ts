/** What app.json and pushboat.yml say about a process type: its health checks, size, strategy, files. Parsed shapes -> values with units. Pure. */
import { z } from "zod";
import type { AppJson } from "./app-json.ts";
import { type Tmpfs, tmpfsMount } from "./file-rules.ts";
import { HEALTH_DEFAULTS, type HealthCheck, type HealthProbe, type HealthRules } from "./health.ts";
import { mergeSizes, type SizeRules } from "./size.ts";
import { sizeRules, sizeSection } from "./size-rules.ts";

export interface ProcessRules {
  readonly health?: HealthRules;
  readonly size?: SizeRules;
  readonly strategy?: ReplaceStrategy;
  readonly readOnly?: boolean;
  readonly tmpfs?: readonly Tmpfs[];
}

/** overlap: the new one is up before the old one goes. replace: the old one is gone before the new one starts. */
export type ReplaceStrategy = "overlap" | "replace";

const port = z.number().int().min(1).max(65535);
const status = z.number().int().min(100).max(599);

/** `health: { readiness: { http: /ready, attempts: 2, wait: 1 } }` of pushboat.yml; exactly one of http, tcp, command. */
const check = z
  .strictObject({
    http: z.string().startsWith("/", 'must start with "/"').optional(),
    status: z.union([status, z.array(status).min(1)]).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    host: z.string().optional(),
    body: z.string().optional(),
    tcp: z.union([z.literal(true), port]).optional(),
    command: z.string().min(1).optional(),
    port: port.optional(),
    attempts: z.number().int().min(1).max(100).optional(),
    /** Seconds. */
    timeout: z.number().min(0.1).max(3600).optional(),
    wait: z.number().min(0.1).max(3600).optional(),
  })
  .refine(
    ({ http, tcp, command }) => [http, tcp, command].filter((one) => one !== undefined).length === 1,
    "must have exactly one of http, tcp, command",
  );

const checks = z.union([check, z.array(check).min(1)]).optional();

export const processSection = z.strictObject({
  /** Instances that a first deploy starts with. */
  quantity: z.number().int().min(0).max(100).optional(),
  size: sizeSection.optional(),
  strategy: z.enum(["overlap", "replace"]).optional(),
  /** The root filesystem; volumes and tmpfs can be written. */
  "read-only": z.boolean().optional(),
  tmpfs: z.array(tmpfsMount).max(20).optional(),
  health: z.strictObject({ startup: checks, readiness: checks, liveness: checks }).optional(),
});

type ProcessSection = z.infer<typeof processSection>;
type YmlCheck = z.infer<typeof check>;
type DokkuCheck = NonNullable<AppJson["healthchecks"]>[string][number];

export interface ProcessFiles {
  readonly healthchecks: AppJson["healthchecks"];
  /** app.json's. */
  readonly formation: AppJson["formation"];
  readonly processes: Readonly<Record<string, ProcessSection>> | undefined;
  /** Memory that pushboat.yml's section for the branch gives each type. */
  readonly branchMemory: Readonly<Record<string, number>>;
}

/** pushboat.yml wins over app.json, for each process type and kind of check, and each part of a size. */
export function processRules(files: ProcessFiles): Readonly<Record<string, ProcessRules>> {
  const { healthchecks, formation, processes, branchMemory } = files;
  const types = new Set([healthchecks, formation, processes, branchMemory].flatMap((section) => Object.keys(section ?? {})));
  return Object.fromEntries(
    [...types].map((type) => {
      const health = healthOf(healthchecks?.[type], processes?.[type]);
      const size = sizeOf(formation?.[type]?.size, processes?.[type], branchMemory[type]);
      const rest = { ...(health === null ? {} : { health }), ...(Object.keys(size).length === 0 ? {} : { size }) };
      return [type, { ...rest, ...otherRules(processes?.[type]) }];
    }),
  );
}

function otherRules(section: ProcessSection | undefined): Pick<ProcessRules, "strategy" | "readOnly" | "tmpfs"> {
  const { strategy, tmpfs } = section ?? {};
  const readOnly = section?.["read-only"];
  return {
    ...(strategy === undefined ? {} : { strategy }),
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(tmpfs === undefined ? {} : { tmpfs }),
  };
}

function sizeOf(appJson: number | undefined, section: ProcessSection | undefined, branch: number | undefined): SizeRules {
  return mergeSizes(
    appJson === undefined ? {} : { memoryBytes: appJson },
    sizeRules(section?.size),
    branch === undefined ? {} : { memoryBytes: branch },
  );
}

function healthOf(dokku: readonly DokkuCheck[] | undefined, section: ProcessSection | undefined): HealthRules | null {
  const own = section?.health;
  if (dokku === undefined && own === undefined) return null;
  const kind = (name: keyof HealthRules): readonly HealthCheck[] =>
    own?.[name] === undefined
      ? (dokku ?? []).filter((one) => (one.type ?? "startup") === name).map(fromDokku)
      : [own[name]].flat().map(fromYml);
  return { startup: kind("startup"), readiness: kind("readiness"), liveness: kind("liveness") };
}

function fromYml(yml: YmlCheck): HealthCheck {
  return { probe: ymlProbe(yml), ...timing(yml) };
}

function ymlProbe(yml: YmlCheck): HealthProbe {
  if (yml.command !== undefined) return { kind: "command", form: "shell", command: [yml.command] };
  if (yml.http === undefined) return { kind: "tcp", port: typeof yml.tcp === "number" ? yml.tcp : (yml.port ?? null) };
  return {
    kind: "http",
    port: yml.port ?? null,
    path: yml.http,
    statuses: yml.status === undefined ? [] : [yml.status].flat(),
    headers: { ...yml.headers, ...(yml.host === undefined ? {} : { host: yml.host }) },
    content: yml.body ?? null,
  };
}

function fromDokku(dokku: DokkuCheck): HealthCheck {
  return { probe: dokkuProbe(dokku), ...timing(dokku) };
}

function dokkuProbe({ command, path, port: at, httpHeaders, content }: DokkuCheck): HealthProbe {
  if (command !== undefined) return { kind: "command", form: "exec", command };
  if (path === undefined) return { kind: "tcp", port: at ?? null };
  const headers = Object.fromEntries((httpHeaders ?? []).map(({ name, value }) => [name, value]));
  return { kind: "http", port: at ?? null, path, statuses: [], headers, content: content ?? null };
}

interface Timing {
  readonly attempts?: number | undefined;
  readonly timeout?: number | undefined;
  readonly wait?: number | undefined;
}

/** Never more often than ten times a second: `wait: 0` would be a busy loop. */
const LEAST_WAIT_S = 0.1;

function timing({ attempts, timeout, wait }: Timing): Omit<HealthCheck, "probe"> {
  return {
    attempts: attempts ?? HEALTH_DEFAULTS.attempts,
    timeoutMs: timeout === undefined ? HEALTH_DEFAULTS.timeoutMs : timeout * 1000,
    waitMs: wait === undefined ? HEALTH_DEFAULTS.waitMs : Math.max(wait, LEAST_WAIT_S) * 1000,
  };
}
