/** Who takes which place on the disk, measured with du: the machine's shared layers, and what each app has. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type EnvironmentName, environmentFileName } from "../core/index.ts";
import type { DiskReport } from "./api.ts";
import type { Deps } from "./deps.ts";

const OUTPUT_BYTES = 64 * 1024 * 1024;

type Place = "base" | "languages" | keyof DiskReport["apps"][number]["bytes"];

interface Owned {
  readonly path: string;
  readonly place: Place;
  /** null: of the machine, or of several apps. */
  readonly app: string | null;
}

export async function reportDisk(deps: Pick<Deps, "settings" | "store" | "builder" | "repositories">): Promise<DiskReport> {
  const { bavail, bfree, blocks, bsize } = await statfs(deps.settings.dataDirectory);
  const owned = [...machineLayers(deps), ...(await appLayers(deps)), ...appDirectories(deps)].filter(({ path }) => existsSync(path));
  const bytesOf = await measure([...new Set(owned.map(({ path }) => path))]);
  const sum = (app: string | null, place: Place): number =>
    owned.filter((one) => one.app === app && one.place === place).reduce((total, { path }) => total + (bytesOf.get(path) ?? 0), 0);
  const bytesFor = (app: string | null) => ({
    dependencies: sum(app, "dependencies"),
    files: sum(app, "files"),
    caches: sum(app, "caches"),
    logs: sum(app, "logs"),
    volumes: sum(app, "volumes"),
    repository: sum(app, "repository"),
  });
  return {
    totalBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    freeBytes: bavail * bsize,
    cacheBudgetBytes: deps.settings.cacheBudgetBytes,
    layerBytes: owned
      .filter(({ place }) => place === "dependencies" || place === "files")
      .reduce((total, { path }) => total + (bytesOf.get(path) ?? 0), 0),
    layerBudgetBytes: deps.settings.layerBudgetBytes,
    baseBytes: sum(null, "base"),
    languageBytes: sum(null, "languages"),
    sharedLayerBytes: sum(null, "dependencies") + sum(null, "files"),
    apps: deps.store.apps.apps().map(({ name }) => ({ app: name, bytes: bytesFor(name) })),
  };
}

function machineLayers({ settings }: Pick<Deps, "settings">): readonly Owned[] {
  const top = join(settings.cacheDirectory, "layers");
  return names(top).map((name) => ({ path: join(top, name), place: name.startsWith("base-") ? "base" : "languages", app: null }));
}

/** Each directory of a layer once: to the app whose releases have it, or to nobody where several do. */
async function appLayers({ settings, store, builder }: Pick<Deps, "settings" | "store" | "builder">): Promise<readonly Owned[]> {
  const apps = new Map<string, Set<string>>();
  for (const { environment, digest } of store.releases.environmentImages()) {
    const image = await builder.image(digest);
    const app = environment.split("@")[0] ?? environment;
    for (const directory of image?.layers.flatMap(({ directories }) => directories) ?? [])
      apps.set(directory, (apps.get(directory) ?? new Set()).add(app));
  }
  const top = join(settings.dataDirectory, "layers");
  return names(top).map((name) => {
    const path = join(top, name);
    const of = [...(apps.get(path) ?? [])];
    return { path, place: name.startsWith("deps-") ? "dependencies" : "files", app: of.length === 1 ? (of[0] ?? null) : null };
  });
}

function appDirectories({ settings, store, repositories }: Pick<Deps, "settings" | "store" | "repositories">): readonly Owned[] {
  const { dataDirectory } = settings;
  const cacheKinds = names(join(dataDirectory, "cache"));
  return store.apps
    .apps()
    .flatMap(({ name: app }): readonly Owned[] => [
      { path: repositories.path(app), place: "repository", app },
      ...cacheKinds.map((kind): Owned => ({ path: join(dataDirectory, "cache", kind, app), place: "caches", app })),
      ...store.apps
        .environments(app)
        .flatMap(({ name }): readonly Owned[] => ofEnvironment(dataDirectory, name).map((one) => ({ ...one, app }))),
    ]);
}

function ofEnvironment(dataDirectory: string, environment: EnvironmentName): readonly Omit<Owned, "app">[] {
  const file = environmentFileName(environment);
  return [
    { path: join(dataDirectory, "logs", file), place: "logs" },
    { path: join(dataDirectory, "router-logs", `${file}.log`), place: "logs" },
    { path: join(dataDirectory, "volumes", encodeURIComponent(environment)), place: "volumes" },
  ];
}

function names(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

/** A file that went while du looked makes it complain, not fail to answer. */
async function measure(paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (paths.length === 0) return new Map();
  const running = promisify(execFile)("du", ["--summarize", "--block-size=1", "--", ...paths], { maxBuffer: OUTPUT_BYTES });
  const { stdout } = await running.catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }));
  const lines = stdout.split("\n").filter((line) => line.includes("\t"));
  return new Map(lines.map((line) => [line.slice(line.indexOf("\t") + 1), Number.parseInt(line, 10)]));
}
