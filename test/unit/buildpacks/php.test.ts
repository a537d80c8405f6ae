import { describe, expect, it } from "vitest";
import { BUILDPACKS, choosePlan, readBuildSettings } from "../../../buildpacks/index.ts";
import { WEB } from "../../../core/index.ts";
import { type Files, packageJson, sourceOf } from "./source-of.ts";

const composer = (fields: object = {}): string => JSON.stringify({ name: "example/blog", ...fields });
const plan = (files: Files) => choosePlan(sourceOf(files), BUILDPACKS);
const app = (require: object, files: Files = {}): Files => ({
  "composer.json": composer({ require }),
  "composer.lock": "{}",
  "public/index.php": "",
  ...files,
});

function runtimeOf(files: Files): { packages: readonly string[]; from: string | undefined } {
  const [runtime] = plan(files).imageRuntime;
  if (runtime?.kind !== "packages") throw new Error("the image has no PHP");
  return { packages: runtime.packages, from: runtime.chosen?.from };
}

describe("the PHP version", () => {
  it.each(["^8.2", ">=8.1", "~8.3", "~8.4.0", "8.4.*", "^7.4 || ^8.0", "^7.4|^8.0", ">=8.0,<8.5", "*"])(
    "%s leaves room for Debian's",
    (php) => {
      expect(runtimeOf(app({ php })).from).toBe("require.php in composer.json");
    },
  );

  it.each(["^7.4", "~8.3.0", "8.2.*", ">=8.5", "<8", "eight"])("%s does not, and is refused", (php) => {
    expect(() => plan(app({ php }))).toThrow(expect.objectContaining({ code: "build/php-version" }));
  });
});

describe("a PHP app", () => {
  it.each([
    [{ "index.php": "", "style.css": "" }, "/app", "files"],
    [{ "index.php": "", "public/index.php": "" }, "/app/public", "front-controller"],
    [{ "web/index.php": "", "composer.json": composer() }, "/app/web", "front-controller"],
  ])("of %j is served by Apache from %s", (files, directory, way) => {
    expect(plan(files as unknown as Files).processes[WEB]?.command).toEqual(["/usr/local/bin/serve-php", directory, way]);
  });

  it("installs composer.lock's packages from the two files alone, then runs scripts on the tree", () => {
    const { steps, imageSteps } = plan(app({ "monolog/monolog": "^3" }));
    expect(steps.map(({ title, sees }) => [title, sees === "tree" ? "tree" : sees.map(({ path }) => path)])).toEqual([
      ["composer install", ["composer.json", "composer.lock"]],
      ["composer scripts and autoloader", "tree"],
    ]);
    for (const { command } of steps) expect(command).toContain("--no-dev --no-interaction");
    expect(imageSteps).toEqual(["dependencies", "build"]);
  });

  it("with a path repository is installed with every change, and told so", () => {
    const manifest = composer({ repositories: { own: { type: "path", url: "packages/*" } }, require: { "example/x": "*" } });
    const { steps, warnings } = plan({ "composer.json": manifest, "composer.lock": "{}", "index.php": "" });
    expect(steps[0]?.sees).toBe("tree");
    expect(warnings[0]).toContain("a repository of type path");
  });

  it("with a vendor directory of its own is installed by nobody", () => {
    expect(plan(app({ "example/x": "*" }, { "vendor/autoload.php": "" })).steps).toEqual([]);
  });

  it("has the extensions that composer.json and its packages ask for, and the usual ones", () => {
    const lock = JSON.stringify({ packages: [{ name: "a/b", require: { "ext-redis": "*", "ext-json": "*" } }] });
    const { packages } = runtimeOf(app({ "ext-intl": "*" }, { "composer.lock": lock }));
    expect(packages).toEqual(expect.arrayContaining(["php-intl", "php-redis", "php-mysql", "php-pgsql", "php-sqlite3", "php-mbstring"]));
    expect(packages).not.toContain("php-json");
  });

  it("is Laravel's, not that of the package.json for its assets, and told of the way to build them", () => {
    const laravel = app({ php: "^8.2" }, { artisan: "", "package.json": packageJson({ scripts: { build: "vite build", start: "vite" } }) });
    expect(plan(laravel).buildpack).toBe("PHP");
    expect(plan(laravel).warnings[0]).toContain("[node, php]");
    const settings = { pushboatYml: "build: {buildpack: [node, php]}", appJson: null, kind: "production" } as const;
    const both = choosePlan(sourceOf(laravel), BUILDPACKS, readBuildSettings(settings));
    expect(both.steps.map(({ title }) => title)).toContain("composer scripts and autoloader");
  });

  it("with a Procfile beside it runs what that says, and is served all the same", () => {
    const { processes } = plan(app({}, { Procfile: "worker: php artisan queue:work\n" }));
    expect(Object.keys(processes)).toEqual(["web", "worker"]);
  });

  it.each([
    ["broken JSON", { "composer.json": '{\n  "require": {,}\n}', "index.php": "" }, "build/composer", "composer.json: line 2, column 15"],
    ["a broken lockfile", app({}, { "composer.lock": "<<<<<<< HEAD" }), "build/composer", "composer.lock: line 1, column 1"],
    ["no lockfile", { "composer.json": composer({ require: { "a/b": "*" } }), "index.php": "" }, "build/composer-lock", "no composer.lock"],
    ["an unknown extension", app({ "ext-frobnicate": "*" }), "build/php-extension", "ext-frobnicate"],
    ["nothing to serve", { "composer.json": composer() }, "build/php-start", "no index.php"],
  ])("with %s is told so", (_, files, code, message) => {
    expect(() => plan(files as unknown as Files)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });
});
