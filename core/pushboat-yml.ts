/** pushboat.yml: ours, for everything the other files cannot say. Strict: a key that is not known is an error with its path. */
import { parseDocument } from "yaml";
import { z } from "zod";
import { cronSection } from "./cron.ts";
import { PushboatError } from "./errors.ts";
import { processSection } from "./process-rules.ts";
import { checkShape } from "./schema-error.ts";
import { quantityAndSize } from "./size-rules.ts";

const relativePath = z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0\r\n]+$/, "must be a path inside the repository");
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const build = z.strictObject({
  /** Directory of the app in a monorepo. */
  root: relativePath.optional(),
  /** `node`, `python`, ..., `dockerfile`; several run in order, and the last one says how the app starts. */
  buildpack: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /** Instead of the buildpack's own build step; false: none. */
  command: z.union([z.string(), z.literal(false)]).optional(),
  /** The directory that a site's build writes. */
  output: relativePath.optional(),
  /** Directories kept between builds. */
  cache: z.array(relativePath).optional(),
  /** Debian packages, in the build and at run time. */
  apt: z.array(z.string().regex(/^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+~:-]+)?$/, "must be the name of a Debian package")).optional(),
  /** Config keys that the build may see: a visible choice. */
  env: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a config key")).optional(),
  /** Build arguments of a Dockerfile. */
  args: z.record(z.string(), text).optional(),
  dockerfile: relativePath.optional(),
});

const environment = z.strictObject({
  env: z.record(z.string(), text).optional(),
  /** `2`, or with the memory of each: `2:1gb`. */
  formation: z.record(z.string(), quantityAndSize).optional(),
  /** `5d`, `12h`, or `never`. */
  ttl: z
    .string()
    .regex(/^(\d+[smhd]|never)$/, "must be like 12h or 5d, or never")
    .optional(),
  /** Idle time until instances sleep: `30m`, or `never`. */
  "sleep-after": z
    .string()
    .regex(/^(\d+[smhd]|never)$/, "must be like 30m or 2h, or never")
    .optional(),
  sleep: z.enum(["stop", "freeze"]).optional(),
  protected: z.boolean().optional(),
  /** Cron jobs run by themselves here too. */
  cron: z.boolean().optional(),
});

const schema = z.strictObject({
  /** Process type -> how its instances are looked after. */
  processes: z.record(z.string(), processSection).optional(),
  build: build.optional(),
  /** Name -> what runs when. */
  cron: cronSection.optional(),
  /** Test command: run in the built image, with development dependencies, before the release. */
  test: z.string().optional(),
  /** HTML files that the router shows when the app fails (5xx of its own), and during maintenance. */
  pages: z.strictObject({ error: relativePath.optional(), maintenance: relativePath.optional() }).optional(),
  /** Pattern of branch names (`*`, `feature/*`) -> what is different there. The first that matches counts. */
  environments: z.record(z.string(), environment).optional(),
});

export type PushboatYml = z.infer<typeof schema>;
export type EnvironmentRules = z.infer<typeof environment>;

/** Throws PushboatError `manifest/pushboat-yml` with line or path of each fault. */
export function parsePushboatYml(source: string): PushboatYml {
  const document = parseDocument(source);
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw new PushboatError({
      code: "manifest/pushboat-yml",
      message: `pushboat.yml: ${fault.message.split("\n")[0]}`,
      hint: "Mend pushboat.yml, commit and push again.",
    });
  }
  return checkShape(schema, document.toJS({ maxAliasCount: 100 }) ?? {}, "pushboat.yml", "manifest/pushboat-yml");
}

/** The rules of the first pattern that matches the branch; null: none does. `*` stands for any characters, slashes too. */
export function rulesFor(yml: PushboatYml, branch: string): EnvironmentRules | null {
  for (const [pattern, rules] of Object.entries(yml.environments ?? {})) if (matchesPattern(pattern, branch)) return rules;
  return null;
}

export function matchesPattern(pattern: string, text: string): boolean {
  const source = pattern
    .split("*")
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
    .join(".*");
  return new RegExp(`^${source}$`, "s").test(text);
}
