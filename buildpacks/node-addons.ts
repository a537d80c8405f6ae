/** Whether installing may compile C++ code, fetch with git, or run a script that does. */
import type { PackageJson } from "./package-json.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

/** They have an install script, and it compiles nothing on Linux: they fetch a binary, say hello, or do nothing. */
const HARMLESS = new Set([
  ...["@biomejs/biome", "@parcel/watcher", "@prisma/client", "@prisma/engines", "@scarf/scarf", "@swc/core", "@tailwindcss/oxide"],
  ...["core-js", "core-js-pure", "es5-ext", "esbuild", "fsevents", "husky", "msw", "nx", "prisma", "protobufjs", "puppeteer"],
  ...["sass-embedded", "sharp", "styled-components", "unrs-resolver", "vue-demi", "workerd"],
]);

const GIT = /(?:git\+|git:|github:|gitlab:|bitbucket:|\.git(?:#|$))/;

/** Where the lockfile cannot say, the compilers are there. */
export function mayCompile(source: SourceTree, packageJson: PackageJson): boolean {
  if (hasFile(source, "binding.gyp")) return true;
  const versions = Object.values({ ...packageJson.dependencies, ...packageJson.devDependencies, ...packageJson.optionalDependencies });
  if (versions.some((version) => GIT.test(version))) return true;
  if (versions.length === 0) return false;
  const lock = source.texts.get("package-lock.json") ?? source.texts.get("npm-shrinkwrap.json");
  if (lock !== undefined) return lockMayCompile(lock);
  return ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"].some((name) => hasFile(source, name));
}

/** npm marks packages with scripts since lockfile version 2. A lockfile that is none is npm's to complain about. */
function lockMayCompile(lock: string): boolean {
  let packages: Record<string, { hasInstallScript?: boolean; resolved?: string }>;
  try {
    packages = (JSON.parse(lock) as { packages?: typeof packages }).packages ?? {};
  } catch {
    return false;
  }
  return Object.entries(packages).some(([path, { hasInstallScript, resolved }]) => {
    if (path === "") return false;
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    return (hasInstallScript === true && !HARMLESS.has(name)) || resolved?.startsWith("git") === true;
  });
}
