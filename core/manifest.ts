/** What a commit says about an environment: app.json and pushboat.yml as one value. Stored with the release. */
import { type AppJson, appJsonFor, parseAppJson } from "./app-json.ts";
import { type CronJob, cronJobs } from "./cron.ts";
import { PushboatError } from "./errors.ts";
import type { BranchName } from "./names.ts";
import type { OwnPages } from "./own-pages.ts";
import { parsePeriod } from "./period.ts";
import { type ProcessRules, processRules } from "./process-rules.ts";
import { parsePushboatYml, rulesFor } from "./pushboat-yml.ts";

export interface EnvRule {
  /** null: somebody has to set it, or it is generated. */
  readonly value: string | null;
  readonly required: boolean;
  /** 64 hex digits, fresh for each environment, and it stays. */
  readonly generated: boolean;
}

export interface Manifest {
  readonly env: Readonly<Record<string, EnvRule>>;
  /** Quantities that a first deploy starts with. */
  readonly formation: Readonly<Record<string, number>>;
  /** By process type; missing in releases that were made before there were any. */
  readonly processes?: Readonly<Record<string, ProcessRules>>;
  /** Missing in releases that were made before there were any. */
  readonly cron?: readonly CronJob[];
  /** Shown by the router; missing: the router's own. */
  readonly pages?: OwnPages;
  /** Once, after the first deploy. */
  readonly postdeploy: string | null;
  /** Before a branch environment ends. */
  readonly predestroy: string | null;
  /** undefined: the default; null: never. */
  readonly ttlMs?: number | null;
  readonly sleepAfterMs?: number | null;
  readonly sleep: "stop" | "freeze";
  readonly protected: boolean;
}

export const EMPTY_MANIFEST: Manifest = { env: {}, formation: {}, postdeploy: null, predestroy: null, sleep: "stop", protected: false };

export interface ManifestFiles {
  readonly appJson: string | null;
  readonly pushboatYml: string | null;
}

/**
 * Production takes scripts and formation; its env is what the user set (as on Heroku, where app.json's env only seeds new
 * apps). A branch takes the `review` section and the first matching pattern of pushboat.yml; the latter wins.
 */
export function readManifest(files: ManifestFiles, branch: BranchName | null): Manifest {
  const wholeAppJson = files.appJson === null ? {} : parseAppJson(files.appJson);
  const appJson = appJsonFor(wholeAppJson, branch === null ? "production" : "review");
  const yml = files.pushboatYml === null ? {} : parsePushboatYml(files.pushboatYml);
  const rules = branch === null ? null : rulesFor(yml, branch);
  // A copy of production must not send its mails a second time: in a branch jobs run where somebody wrote that they shall.
  const cronIsMeant = rules?.cron ?? wholeAppJson.environments?.["review"]?.cron !== undefined;
  return {
    env: branch === null ? {} : { ...envRules(appJson), ...plainRules(rules?.env ?? {}) },
    cron: cronJobs({ appJson: appJson.cron, yml: yml.cron, suspended: branch !== null && !cronIsMeant }),
    formation: {
      ...quantities(appJson.formation),
      ...quantities(yml.processes),
      ...quantities(rules?.formation),
    },
    processes: processRules({
      healthchecks: appJson.healthchecks,
      formation: appJson.formation,
      processes: yml.processes,
      branchMemory: Object.fromEntries(
        Object.entries(rules?.formation ?? {}).flatMap(([type, { memoryBytes }]) =>
          memoryBytes === undefined ? [] : [[type, memoryBytes]],
        ),
      ),
    }),
    postdeploy: appJson.scripts?.postdeploy ?? null,
    predestroy: appJson.scripts?.["pr-predestroy"] ?? null,
    ...(rules?.ttl === undefined ? {} : { ttlMs: parsePeriod(rules.ttl) }),
    ...(rules?.["sleep-after"] === undefined ? {} : { sleepAfterMs: parsePeriod(rules["sleep-after"]) }),
    sleep: rules?.sleep ?? "stop",
    protected: rules?.protected ?? false,
  };
}

function envRules(appJson: AppJson): Record<string, EnvRule> {
  const rules = Object.entries(appJson.env ?? {}).map(([key, rule]): [string, EnvRule] => {
    if (typeof rule === "string") return [key, { value: rule, required: false, generated: false }];
    const generated = rule.generator === "secret";
    return [key, { value: rule.value ?? null, required: rule.required ?? true, generated }];
  });
  return Object.fromEntries(rules);
}

function plainRules(env: Readonly<Record<string, string>>): Record<string, EnvRule> {
  return Object.fromEntries(Object.entries(env).map(([key, value]) => [key, { value, required: false, generated: false }]));
}

function quantities(section: Readonly<Record<string, { readonly quantity?: number | undefined }>> | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(section ?? {}).flatMap(([type, { quantity }]) => (quantity === undefined ? [] : [[type, quantity]])),
  );
}

export type ConfigSource = "manifest" | "generated" | "shared" | "own";

export interface SourcedValue {
  readonly value: string;
  readonly source: ConfigSource;
}

export interface ConfigSources {
  readonly manifest: Manifest;
  /** Generated earlier; what is missing is made by `generate`. */
  readonly generated: Readonly<Record<string, string>>;
  /** Production's values of the keys that were marked as shared; empty for production itself. */
  readonly shared: Readonly<Record<string, string>>;
  readonly own: Readonly<Record<string, string>>;
}

/** The config of an environment, merged in this order: manifest, generated, shared, own; the last wins. */
export function mergeConfig(sources: ConfigSources): Readonly<Record<string, SourcedValue>> {
  const merged = new Map<string, SourcedValue>();
  const add = (values: Readonly<Record<string, string>>, source: ConfigSource) => {
    for (const [key, value] of Object.entries(values)) merged.set(key, { value, source });
  };
  const fixed = Object.entries(sources.manifest.env).flatMap(([key, rule]) => (rule.value === null ? [] : [[key, rule.value] as const]));
  add(Object.fromEntries(fixed), "manifest");
  add(sources.generated, "generated");
  add(sources.shared, "shared");
  add(sources.own, "own");
  return Object.fromEntries([...merged].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Throws where a required key has no value: before the build, with the command that sets it. */
export function requireKeys(manifest: Manifest, config: Readonly<Record<string, unknown>>, environment: string): void {
  const missing = Object.entries(manifest.env)
    .filter(([key, rule]) => rule.required && !rule.generated && config[key] === undefined)
    .map(([key]) => key);
  if (missing.length === 0) return;
  throw new PushboatError({
    code: "config/required",
    message: `${environment} needs ${missing.join(", ")}, which app.json calls required and nothing sets`,
    hint: `config:set ${environment} ${missing.map((key) => `${key}=...`).join(" ")}\nor share production's value with all branches: config:set --shared ...`,
  });
}
