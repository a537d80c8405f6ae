/** The lockfile is whole: npm writes no entry for a package that the registry at hand lacks, and `npm ci` then refuses it everywhere. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Entry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
}

const lock = JSON.parse(readFileSync(join(import.meta.dirname, "../../package-lock.json"), "utf8")) as { packages: Record<string, Entry> };

test("every optional dependency of every package has an entry (npm run lockfile)", () => {
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) => lock.packages[`node_modules/${name}`] === undefined && lock.packages[`${path}/node_modules/${name}`] === undefined,
    ),
  );
  expect(missing).toEqual([]);
});

test("no entry names a registry", () => {
  const named = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
  expect(named).toEqual([]);
});
