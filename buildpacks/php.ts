/** PHP: Composer or plain files, served by Apache with PHP inside. */
import { type Processes, PushboatError, parseProcfile, WEB } from "../core/index.ts";
import { allowsPhp, type Composer, DEBIAN_PHP, otherPhp, readComposer } from "./composer.ts";
import { extensionPackages, USUAL_EXTENSIONS } from "./php-extensions.ts";
import { INSTALL_SERVER, SERVE_PHP } from "./php-server.ts";
import type { BuildPlan, Buildpack, PackagesRequest, StepPlan } from "./plan.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

export const php: Buildpack = {
  id: "php",
  name: "PHP",
  looksFor: "index.php in the root, public/, web/ or webroot/, or composer.json",
  facts: {
    versions: `${DEBIAN_PHP} (Debian 13's). \`php\` in composer.json's require is read; what leaves no room for it is refused.`,
    dependencies:
      "composer.lock as it is, without require-dev (`composer install --no-dev`). A vendor/ in the repository is used as it is. Debian's packages for each ext-NAME of composer.json and composer.lock; curl, mbstring, xml, zip and the drivers of MySQL, PostgreSQL and SQLite are always there.",
    reuse:
      "Composer's cache is kept. The layer with vendor/ is made anew when composer.json or composer.lock changes; with every change where a repository of type path lies in the app. Its scripts and the autoloader run on the whole tree.",
    start:
      "Apache with PHP inside, on the first of public/, web/, webroot/, docroot/, htdocs/ and the root that has an index.php; .htaccess is followed. Outside the root, index.php answers for what is no file. WEB_CONCURRENCY requests at once (20).",
    image: "Apache, Debian's PHP, vendor/ and the repository; no Composer.",
  },
  plan: planPhp,
};

const PATH = "/app/vendor/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";
const CACHE = "/var/cache/composer";

/** The root last: beside one of these it holds sources. */
const DOCUMENT_ROOTS = ["public/", "web/", "webroot/", "docroot/", "htdocs/", ""];

function planPhp(source: SourceTree): BuildPlan | null {
  const documentRoot = DOCUMENT_ROOTS.find((prefix) => hasFile(source, `${prefix}index.php`));
  const isComposer = hasFile(source, "composer.json") && !hasFile(source, "package.json");
  if (documentRoot === undefined && !isComposer) return null;
  const composer = readComposer(source);
  if (composer?.php && !allowsPhp(composer.php)) throw otherPhp(composer.php);
  const processes = planProcesses(source, documentRoot);
  const runtime = phpRuntime(composer);
  const steps = composer === null || hasFile(source, "vendor/autoload.php") ? [] : composerSteps(composer);
  return {
    buildpack: php.name,
    reason: `${composer === null ? `${documentRoot ?? ""}index.php` : "composer.json"}, ${
      documentRoot === undefined ? "started by a Procfile" : `served from ${documentRoot === "" ? "the root" : documentRoot}`
    }`,
    buildRuntime: steps.length === 0 ? [] : [runtime, COMPOSER],
    imageRuntime: [runtime],
    caches: [{ name: "composer", directory: CACHE, env: { COMPOSER_CACHE_DIR: CACHE } }],
    steps,
    imageSteps: steps.map(({ name }) => name),
    imageHasSource: true,
    env: { PATH },
    processes,
    warnings: [
      ...(composer?.hasPathRepository ? [PATH_REPOSITORY] : []),
      ...(/"build"\s*:/.test(source.texts.get("package.json") ?? "") ? [ASSETS] : []),
    ],
  };
}

const PATH_REPOSITORY = "Dependencies are installed again with every change of any file: composer.json has a repository of type path";
const ASSETS =
  "package.json has a build script, which PHP alone does not run: `build: {buildpack: [node, php]}` in pushboat.yml builds the assets too";

function planProcesses(source: SourceTree, documentRoot: string | undefined): Processes {
  const procfile = source.texts.get("Procfile");
  const named = procfile === undefined ? {} : parseProcfile(procfile);
  if (named[WEB] !== undefined) return named;
  if (documentRoot === undefined) {
    if (Object.keys(named).length > 0) return named;
    throw nothingToServe();
  }
  const directory = documentRoot === "" ? "/app" : `/app/${documentRoot.slice(0, -1)}`;
  const way = documentRoot === "" ? "files" : "front-controller";
  return { [WEB]: { form: "exec", command: [SERVE_PHP, directory, way] }, ...named } as Processes;
}

function phpRuntime(composer: Composer | null): PackagesRequest {
  // Without composer.json nobody says what is needed: images and texts of other languages often are.
  const asked = composer === null ? ["gd", "intl"] : composer.extensions;
  return {
    kind: "packages",
    name: "php",
    title: `php ${DEBIAN_PHP}`,
    packages: ["apache2", "libapache2-mod-php", "media-types", "php-cli", ...extensionPackages([...USUAL_EXTENSIONS, ...asked])],
    command: INSTALL_SERVER,
    chosen: {
      language: "PHP",
      version: DEBIAN_PHP,
      from: composer?.php ? "require.php in composer.json" : "Pushboat's default, Debian 13's",
    },
  };
}

const COMPOSER: PackagesRequest = {
  kind: "packages",
  name: "composer",
  title: "composer",
  packages: ["composer", "git", "php-cli", "unzip"],
};

const COMPOSER_ENV = { PATH, COMPOSER_NO_INTERACTION: "1", COMPOSER_NO_AUDIT: "1", COMPOSER_MEMORY_LIMIT: "-1" };

/** Packages first, from the lockfile alone; what reads the app's own files (the autoloader, its scripts) then runs on the tree. */
function composerSteps({ hasPathRepository }: Composer): readonly StepPlan[] {
  const install = "composer install --no-dev --no-interaction --no-progress --prefer-dist --no-ansi";
  const dependencies: StepPlan = {
    name: "dependencies",
    kind: "dependencies",
    title: "composer install",
    sees: hasPathRepository ? "tree" : [{ path: "composer.json" }, { path: "composer.lock" }],
    on: [],
    command: `${install} --no-scripts --no-autoloader`,
    env: COMPOSER_ENV,
    keeps: { kind: "only", path: "vendor" },
  };
  const build: StepPlan = {
    name: "build",
    kind: "build",
    title: "composer scripts and autoloader",
    sees: "tree",
    on: ["dependencies"],
    command: `${install} --optimize-autoloader`,
    env: COMPOSER_ENV,
    keeps: { kind: "all", except: [] },
  };
  return [dependencies, build];
}

function nothingToServe(): PushboatError {
  return new PushboatError({
    code: "build/php-start",
    message: "composer.json says what to install, but there is no index.php to serve: neither in public/, web/ or webroot/ nor in the root",
    hint: "Add public/index.php, or a Procfile with the line  web: php -S 0.0.0.0:$PORT FILE.php  or  worker: php FILE.php",
  });
}
