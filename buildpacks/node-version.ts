/** Which Node and npm a source asks for, and where it says so. */
import semver from "semver";
import { PushboatError, quote } from "../core/index.ts";
import type { PackageJson } from "./package-json.ts";
import type { VersionRequest } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";

/** The long-term-support line in November 2026 (nodejs/Release schedule.json). */
const CURRENT_LTS = "24";

/** `lts/NAME` as nvm writes it. */
const LTS_NAMES: Readonly<Record<string, string>> = {
  gallium: "16",
  hydrogen: "18",
  iron: "20",
  jod: "22",
  krypton: "24",
};

/** The npm of a Node line, exact, so that a new npm does not install everything again. */
const NPM_OF_NODE: Readonly<Record<number, string>> = { 16: "8.19.4", 18: "10.8.2", 19: "9.9.4", 20: "10.8.2", 21: "10.5.0", 22: "10.9.4" };
const NPM_OF_OLDER_NODE = "8.19.4";
const NPM_OF_NEWER_NODE = "11.6.2";

/** Order: the most explicit about this application first (a pin, a range, files beside it); .nvmrc before .node-version as fewer tools read the latter. */
export function requestNode(source: SourceTree, packageJson: PackageJson): VersionRequest {
  const engine = packageJson.engines["node"]?.trim();
  const pinned = packageJson.volta["node"]?.trim();
  if (pinned) return agreeing(request(pinned, "volta.node in package.json"), engine);
  if (engine) return request(engine, "engines.node in package.json");
  for (const file of [".nvmrc", ".node-version"]) {
    const line = firstLine(source.texts.get(file) ?? "");
    if (line !== "") return request(line, file);
  }
  const tool = /^\s*node(?:js)?\s+([^\s#]+)/m.exec(source.texts.get(".tool-versions") ?? "")?.[1];
  if (tool !== undefined) return request(tool, ".tool-versions");
  return { range: CURRENT_LTS, from: "Pushboat's default, the current LTS" };
}

/** A pin is one version of a range that engines.node may name; where it is none of it, one of the two is out of date. */
function agreeing(pin: VersionRequest, engine: string | undefined): VersionRequest {
  const version = semver.minVersion(pin.range);
  if (!engine || version === null || semver.satisfies(version, request(engine, "engines.node in package.json").range)) return pin;
  throw new PushboatError({
    code: "build/version",
    message: `package.json contradicts itself: ${pin.from.split(" ")[0]} is ${quote(pin.range)}, engines.node is ${quote(engine)}`,
    hint: "Change one of them, commit and push again.",
  });
}

/** null: the npm that belongs to the Node version. */
export function requestNpm(packageJson: PackageJson): VersionRequest | null {
  const manager = /^npm@([0-9][^+]*)/.exec(packageJson.packageManager ?? "");
  if (manager?.[1]) return request(manager[1], "packageManager in package.json");
  const engine = packageJson.engines["npm"]?.trim();
  return engine ? request(engine, "engines.npm in package.json") : null;
}

export function npmOfNode(nodeVersion: string): string {
  const major = semver.major(nodeVersion);
  return NPM_OF_NODE[major] ?? (major < 18 ? NPM_OF_OLDER_NODE : NPM_OF_NEWER_NODE);
}

/** Older ones are years past their end of life, and no npm that is kept up runs on them. */
const OLDEST_NODE = "16.0.0";

export function resolveNode(wish: VersionRequest, versions: readonly string[]): string {
  return resolveVersion(
    "Node",
    wish,
    versions.filter((version) => semver.gte(version, OLDEST_NODE)),
  );
}

const LINES_SHOWN = 12;

/** The newest version that fits. Pre-releases only where the range names one. */
export function resolveVersion(what: string, wish: VersionRequest, versions: readonly string[]): string {
  const found = semver.maxSatisfying([...versions], wish.range);
  if (found !== null) return found;
  const newest = semver.rsort(versions.filter((version) => semver.prerelease(version) === null)).filter(firstOfMajor);
  throw new PushboatError({
    code: "build/version",
    message: `There is no ${what} ${quote(wish.range)} (${wish.from})`,
    hint: `Newest of each line: ${newest.slice(0, LINES_SHOWN).join(", ")}`,
  });
}

function request(text: string, from: string): VersionRequest {
  const range = toRange(text.toLowerCase());
  if (range === null) {
    throw new PushboatError({
      code: "build/version",
      message: `${quote(text)} is not a version (${from})`,
      hint: `Write a version or a range, for example ${CURRENT_LTS}, ${CURRENT_LTS}.x or >=22.12.`,
    });
  }
  return { range, from };
}

function toRange(text: string): string | null {
  if (text === "lts/*" || text === "lts" || text === "--lts") return CURRENT_LTS;
  if (text === "node" || text === "latest" || text === "current" || text === "stable") return "*";
  const name = /^lts\/([a-z]+)$/.exec(text)?.[1];
  if (name !== undefined) return LTS_NAMES[name] ?? null;
  const version = text.replace(/^node(?:js)?[-@]/, "");
  return semver.validRange(version) === null ? null : version;
}

function firstLine(text: string): string {
  return (
    text
      .split(/\r?\n/)
      .map((line) => line.replace(/#.*/, "").trim())
      .find((line) => line !== "") ?? ""
  );
}

function firstOfMajor(version: string, index: number, all: readonly string[]): boolean {
  return index === 0 || semver.major(version) !== semver.major(all[index - 1] ?? version);
}
