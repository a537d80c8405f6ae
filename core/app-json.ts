/** app.json: Heroku's keys, and Dokku's healthchecks and cron. Keys that are not ours to read are left alone, as both do. */
import { z } from "zod";
import { PushboatError } from "./errors.ts";
import { checkShape } from "./schema-error.ts";
import { memorySize } from "./size-rules.ts";

const envRule = z.union([
  z.string(),
  z.object({
    description: z.string().optional(),
    value: z.string().optional(),
    required: z.boolean().optional(),
    generator: z.literal("secret").optional(),
  }),
]);

/** Dokku's healthchecks of one process type. */
const healthcheck = z.object({
  type: z.enum(["startup", "readiness", "liveness"]).optional(),
  name: z.string().optional(),
  path: z.string().startsWith("/", 'must start with "/"').optional(),
  attempts: z.number().int().min(1).max(100).optional(),
  /** Seconds. */
  timeout: z.number().min(1).max(3600).optional(),
  wait: z.number().min(0).max(3600).optional(),
  command: z.array(z.string()).optional(),
  content: z.string().optional(),
  port: z.number().int().min(1).max(65535).optional(),
  httpHeaders: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
});

const sections = {
  env: z.record(z.string(), envRule).optional(),
  formation: z
    .record(z.string(), z.object({ quantity: z.number().int().min(0).max(100).optional(), size: memorySize.optional() }))
    .optional(),
  scripts: z
    .object({ postdeploy: z.string().optional(), "pr-predestroy": z.string().optional(), test: z.string().optional() })
    .loose()
    .optional(),
  /** Heroku's: names (heroku/nodejs) or addresses, in order. */
  buildpacks: z.array(z.object({ url: z.string().min(1) }).loose()).optional(),
  healthchecks: z.record(z.string(), z.array(healthcheck)).optional(),
  cron: z
    .array(
      z.object({
        command: z.string().min(1),
        schedule: z.string().min(1),
        concurrency_policy: z.enum(["allow", "forbid", "replace"]).optional(),
        maintenance: z.boolean().optional(),
      }),
    )
    .optional(),
};

const schema = z.object({ ...sections, environments: z.record(z.string(), z.object(sections).loose()).optional() }).loose();

export type AppJson = z.infer<typeof schema>;

/** Throws PushboatError `manifest/app-json` with the path of each fault. */
export function parseAppJson(text: string): AppJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PushboatError({
      code: "manifest/app-json",
      message: `app.json is not JSON: ${(cause as Error).message}`,
      hint: "Mend app.json, commit and push again.",
      cause,
    });
  }
  return checkShape(schema, value, "app.json", "manifest/app-json");
}

/** `environments.NAME` overrides any key as a whole (Heroku: app.json schema, environments). */
export function appJsonFor(appJson: AppJson, environment: "production" | "review" | "test"): AppJson {
  const { environments, ...base } = appJson;
  if (environment === "production") return base;
  return { ...base, ...environments?.[environment] };
}
