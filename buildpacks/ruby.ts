/** Ruby: Bundler with Debian's Ruby; gems in /app/.gems, Rails' assets precompiled. */
import { PushboatError } from "../core/index.ts";
import { BUILD_TOOLS } from "./debian.ts";
import { type GemfileLock, readGemfileLock } from "./gemfile-lock.ts";
import { nodeCaches, nodeRuntime } from "./node.ts";
import { parsePackageJson } from "./package-json.ts";
import type { BuildPlan, Buildpack, PackagesRequest, RuntimeRequest, SeenPath, StepPlan } from "./plan.ts";
import { gemPackages } from "./ruby-packages.ts";
import { guessRuby } from "./ruby-start.ts";
import { chooseRuby, DEBIAN_RUBY } from "./ruby-version.ts";
import { hasDirectory, hasFile, type SourceTree } from "./source-tree.ts";
import { planStart } from "./start.ts";

export const ruby: Buildpack = {
  id: "ruby",
  name: "Ruby",
  looksFor: "Gemfile, and config.ru, a Procfile or app.rb",
  facts: {
    versions: `${DEBIAN_RUBY} (Debian 13's). \`ruby\` in Gemfile, Gemfile.lock and .ruby-version are read; what leaves no room for it is refused.`,
    dependencies:
      "Gemfile.lock as it is (frozen), without the groups development and test (tests have them); vendor/cache is used where it is there, without asking any registry. Debian's libraries for pg, mysql2, sqlite3, ruby-vips and the like come along.",
    reuse:
      "Downloaded gems are kept. The layer with the gems is made anew when Gemfile, Gemfile.lock, .ruby-version or vendor/ changes; with every change where a gem lies in the repository itself.",
    start:
      "Puma, Falcon or Unicorn, whichever is in Gemfile.lock; else `rails server` or `rackup`; Sinatra's app.rb without a config.ru. Rails' assets are precompiled where Sprockets or Propshaft is there, by Node too where there is a package.json. RAILS_ENV and RACK_ENV are production, the log goes to standard output; SECRET_KEY_BASE or RAILS_MASTER_KEY is yours to set.",
    image: "Debian's Ruby, the gems, the repository and what `assets:precompile` wrote; no compiler.",
  },
  plan: planRuby,
};

/** Its own configuration lies in it: groups that are left out are no less left out at run time. */
const GEMS = ".gems";
const CACHE = "/var/cache/bundler";
const PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

/** The lockfile's own Bundler would be fetched; a committed .bundle/config is a developer's. */
const BUNDLE_ENV = {
  BUNDLE_APP_CONFIG: `/app/${GEMS}`,
  BUNDLE_VERSION: "system",
  BUNDLE_SILENCE_ROOT_WARNING: "true",
};

const RUN_ENV = {
  ...BUNDLE_ENV,
  RACK_ENV: "production",
  RAILS_ENV: "production",
  RAILS_LOG_TO_STDOUT: "enabled",
  RAILS_SERVE_STATIC_FILES: "enabled",
  // Fewer arenas: a threaded server's memory grows without bound otherwise.
  MALLOC_ARENA_MAX: "2",
  LANG: "C.UTF-8",
};

function planRuby(source: SourceTree): BuildPlan | null {
  if (!isRuby(source)) return null;
  const lock = readGemfileLock(source);
  const start = planStart(source, () => guessRuby(source, lock));
  if (start === null) throw nothingToStart();
  const { from, warnings } = chooseRuby(source);
  const needs = gemPackages(lock);
  const runtime: PackagesRequest = {
    kind: "packages",
    name: "ruby",
    title: `ruby ${DEBIAN_RUBY}`,
    packages: ["bundler", "media-types", "ruby", ...needs.image],
    chosen: { language: "Ruby", version: DEBIAN_RUBY, from },
  };
  const headers: PackagesRequest = {
    kind: "packages",
    name: "rubydev",
    title: "ruby headers",
    packages: ["bundler", "ruby", "ruby-dev", ...needs.build],
  };
  const install = dependencyStep(source, lock);
  const assets = precompileStep(source, lock);
  const node = assets === null ? null : assetsNode(source);
  return {
    buildpack: ruby.name,
    reason: `Gemfile, started by ${start.from}`,
    buildRuntime: [BUILD_TOOLS, runtime, headers, ...(node?.runtime ?? [])],
    imageRuntime: [runtime],
    caches: [
      { name: "bundler", directory: CACHE, env: { BUNDLE_USER_CACHE: CACHE, BUNDLE_GLOBAL_GEM_CACHE: "true" } },
      ...(node?.caches ?? []),
    ],
    steps: [install, ...(assets === null ? [] : [assets])],
    testSteps: [{ ...install, name: "test-dependencies", title: "dependencies for the tests", command: installCommand(source, "none") }],
    imageSteps: [install.name, ...(assets === null ? [] : [assets.name])],
    imageHasSource: true,
    env: { PATH, ...RUN_ENV },
    processes: start.processes,
    warnings: [...warnings, ...(lock.hasLocalGems ? [LOCAL_GEMS] : [])],
  };
}

/** A Node app may have a Gemfile for its tools (fastlane, danger): then something of Rack or Rails is missing. */
function isRuby(source: SourceTree): boolean {
  if (!hasFile(source, "Gemfile")) return false;
  return hasFile(source, "config.ru") || hasFile(source, "config/application.rb") || !hasFile(source, "package.json");
}

const LOCAL_GEMS = "Dependencies are installed again with every change of any file: Gemfile.lock names gems inside this repository (PATH)";

function dependencyStep(source: SourceTree, lock: GemfileLock): StepPlan {
  const names = ["Gemfile", "Gemfile.lock", ".ruby-version", ...(hasDirectory(source, "vendor/cache") ? ["vendor"] : [])];
  const sees: readonly SeenPath[] = names.filter((path) => source.entries.has(path)).map((path) => ({ path }));
  return {
    name: "dependencies",
    kind: "dependencies",
    title: "bundle install",
    sees: lock.hasLocalGems ? "tree" : sees,
    on: [],
    command: installCommand(source, "development:test"),
    env: { PATH, ...BUNDLE_ENV },
    keeps: { kind: "only", path: GEMS },
  };
}

/** vendor/cache may lack what another platform needs. */
function installCommand(source: SourceTree, without: string): string {
  const install = "bundle install --jobs 4 --retry 3";
  const fromCache = `bundle install --local --jobs 4 || { echo "vendor/cache does not hold all that Gemfile.lock names: the rest is fetched"; ${install}; }`;
  return `set -e
mkdir -p ${GEMS}
printf -- '---\\nBUNDLE_PATH: "/app/${GEMS}"\\nBUNDLE_FROZEN: "true"\\nBUNDLE_WITHOUT: "${without}"\\n' > ${GEMS}/config
${hasDirectory(source, "vendor/cache") ? fromCache : install}
find ${GEMS} -path '*/cache/*.gem' -delete
find ${GEMS} \\( -name '*.o' -o -name mkmf.log -o -name gem_make.out \\) -delete`;
}

/** SECRET_KEY_BASE_DUMMY is Rails 7.1's own way; before, any value does that is in no layer afterwards. */
function precompileStep(source: SourceTree, { names }: GemfileLock): StepPlan | null {
  const rails = hasFile(source, "config/application.rb") && names.has("railties");
  if (!rails || !["sprockets-rails", "sprockets", "propshaft"].some((name) => names.has(name))) return null;
  return {
    name: "build",
    kind: "build",
    title: "rails assets:precompile",
    sees: "tree",
    on: ["dependencies"],
    command: "bundle exec rails assets:precompile",
    env: { PATH, ...RUN_ENV, SECRET_KEY_BASE_DUMMY: "1", SECRET_KEY_BASE: "only-for-assets" },
    keeps: { kind: "all", except: ["log", "tmp", "node_modules"] },
  };
}

/** jsbundling-rails and cssbundling-rails run the package manager themselves. */
function assetsNode(source: SourceTree): { runtime: readonly RuntimeRequest[]; caches: ReturnType<typeof nodeCaches> } | null {
  const text = source.texts.get("package.json");
  if (text === undefined) return null;
  const packageJson = parsePackageJson(text);
  return { runtime: nodeRuntime(source, packageJson), caches: nodeCaches({ source, packageJson }, false) };
}

function nothingToStart(): PushboatError {
  return new PushboatError({
    code: "build/ruby-start",
    message:
      "Gemfile says what to install, but nothing says how to start the app: no Procfile, no config.ru with a server in Gemfile.lock, no app.rb",
    hint: 'Add gem "puma" to the Gemfile and a config.ru, or a Procfile with the line  web: bundle exec puma -p $PORT',
  });
}
