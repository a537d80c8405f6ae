/**
 * Adds to package-lock.json what npm leaves out where the registry lacks a package for another system: an optional dependency without
 * an entry makes `npm ci` refuse the lockfile everywhere. Type `npm run lockfile` after every change of dependencies.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface LockEntry {
  readonly version: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm64", "arm", "ia32", "ppc64", "riscv64", "s390x", "x64"];
const LIBRARIES: Readonly<Record<string, string>> = { musl: "musl", musleabihf: "musl", gnu: "glibc", gnueabihf: "glibc" };

const file = join(import.meta.dirname, "../package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, LockEntry> };
const added = missingEntries(lock.packages);
lock.packages = Object.fromEntries(Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${Object.keys(added).length} entries added`);

function missingEntries(packages: Readonly<Record<string, LockEntry>>): Record<string, LockEntry> {
  const missing = Object.entries(packages).flatMap(([path, entry]) =>
    Object.entries(path === "" ? {} : (entry.optionalDependencies ?? {}))
      .filter(([name]) => packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined)
      .map(([name, version]) => [`node_modules/${name}`, foreignEntry(name, version, entry.dev === true)] as const),
  );
  return Object.fromEntries(missing);
}

/** No integrity: on Linux it is never fetched, os and cpu say so. */
function foreignEntry(name: string, version: string, dev: boolean): LockEntry & Readonly<Record<string, unknown>> {
  const words = name.split(/[-/]/);
  const only = (known: readonly string[]) => known.filter((word) => words.includes(word));
  const libraries = words.flatMap((word) => LIBRARIES[word] ?? []);
  return {
    version,
    cpu: only(PROCESSORS),
    ...(dev ? { dev } : {}),
    ...(libraries.length > 0 ? { libc: libraries } : {}),
    optional: true,
    os: only(SYSTEMS),
  };
}
