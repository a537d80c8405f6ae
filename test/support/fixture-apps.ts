/** The fixture apps: folders of test/fixtures/apps with what is expected of each. Adding a folder adds a test. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { BUILDPACKS } from "../../buildpacks/index.ts";

export const FIXTURE_APPS_DIRECTORY = join(import.meta.dirname, "../fixtures/apps");

const Expectation = z.strictObject({
  /** The buildpack that takes it; null where planning fails. */
  buildpack: z.enum([...BUILDPACKS.map(({ name }) => name), "Dockerfile"]).nullable(),
  /** Beginning of the language version, `24.` or exact; null where there is none. */
  version: z.string().nullable(),
  /** Where that version comes from, as the output names it. */
  source: z.string().nullable(),
  /** Process types, `release` included; empty where planning fails. */
  processes: z.array(z.string()),
  /** What GET / says; null where it never gets so far. */
  answer: z.strictObject({ status: z.number(), body: z.string() }).nullable(),
  /** The phase that fails; null where the push goes live. */
  fails: z.enum(["plan", "build", "release", "start"]).nullable(),
});

export interface FixtureApp {
  readonly name: string;
  readonly directory: string;
  readonly expectation: z.infer<typeof Expectation>;
}

export function fixtureApps(): readonly FixtureApp[] {
  return readdirSync(FIXTURE_APPS_DIRECTORY).sort().map(fixtureApp);
}

export function fixtureApp(name: string): FixtureApp {
  const directory = join(FIXTURE_APPS_DIRECTORY, name);
  return { name, directory, expectation: Expectation.parse(JSON.parse(readFileSync(join(directory, "expectation.json"), "utf8"))) };
}
