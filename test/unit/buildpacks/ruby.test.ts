import { describe, expect, it } from "vitest";
import { BUILDPACKS, choosePlan } from "../../../buildpacks/index.ts";
import { WEB } from "../../../core/index.ts";
import { type Files, packageJson, sourceOf } from "./source-of.ts";

const lock = (gems: readonly string[], rest = "PLATFORMS\n  ruby\n\nDEPENDENCIES\n  rack\n"): string =>
  `GEM\n  remote: https://gems.invalid/\n  specs:\n${gems.map((name) => `    ${name} (1.0)\n`).join("")}\n${rest}`;
const rack = (files: Files = {}): Files => ({ Gemfile: 'gem "rack"\n', "Gemfile.lock": lock(["rack", "puma"]), "config.ru": "", ...files });
const plan = (files: Files) => choosePlan(sourceOf(files), BUILDPACKS);

function rubyOf(files: Files): { from: string; warnings: readonly string[] } {
  const { imageRuntime, warnings } = plan(files);
  const [runtime] = imageRuntime;
  if (runtime?.kind !== "packages" || runtime.chosen === undefined) throw new Error("the image has no Ruby");
  return { from: runtime.chosen.from, warnings };
}

describe("the Ruby version", () => {
  it.each([
    [{ Gemfile: 'ruby "~> 3.3"\n' }, "ruby in Gemfile"],
    [{ Gemfile: "ruby '>= 3.2', '< 3.4'\n" }, "ruby in Gemfile"],
    [{ Gemfile: 'ruby "3.3.8"\n', ".ruby-version": "3.1.0\n" }, "ruby in Gemfile"],
    [{ Gemfile: 'ruby file: ".ruby-version"\n', ".ruby-version": "ruby-3.3.8\n" }, "ruby in Gemfile"],
    [{ ".ruby-version": "3.3\n" }, ".ruby-version"],
    [{}, "Pushboat's default, Debian 13's"],
  ])("of %j is Debian's, from %s", (files, from) => {
    expect(rubyOf(rack(files as unknown as Files))).toEqual({ from, warnings: [] });
  });

  it("of .ruby-version may differ in its last number, and the push says so", () => {
    expect(rubyOf(rack({ ".ruby-version": "3.3.1\n" })).warnings).toEqual([".ruby-version asks for Ruby 3.3.1: Debian's 3.3.8 is used"]);
  });

  it.each([
    [{ Gemfile: 'ruby "3.3.1"\n' }],
    [{ Gemfile: 'ruby "~> 3.4.0"\n' }],
    [{ Gemfile: 'ruby file: ".ruby-version"\n', ".ruby-version": "3.2.2\n" }],
    [{ ".ruby-version": "2.7.8\n" }],
    [{ ".ruby-version": "jruby-9.4\n" }],
  ])("of %j is refused with what there is", (files) => {
    expect(() => plan(rack(files as unknown as Files))).toThrow(expect.objectContaining({ code: "build/ruby-version" }));
  });
});

describe("a Ruby app", () => {
  it.each([
    ["Puma", {}, "bundle exec puma -p $PORT"],
    ["rackup without a server", { "Gemfile.lock": lock(["rack", "rackup"]) }, "bundle exec rackup --host 0.0.0.0 --port $PORT"],
    ["rails server", { "Gemfile.lock": lock(["railties"]), "config/application.rb": "" }, "bundle exec rails server -b 0.0.0.0 -p $PORT"],
    ["Unicorn", { "Gemfile.lock": lock(["rack", "unicorn"]) }, "bundle exec unicorn --listen 0.0.0.0:$PORT"],
  ])("is started by %s", (_, files, command) => {
    expect(plan(rack(files)).processes[WEB]?.command).toEqual([command]);
  });

  it("of Sinatra is its app.rb", () => {
    const files = { Gemfile: "", "Gemfile.lock": lock(["sinatra", "puma"]), "app.rb": "" };
    expect(plan(files).processes[WEB]?.command).toEqual(["bundle exec ruby app.rb -o 0.0.0.0 -p $PORT"]);
  });

  it("installs its gems from the lockfile alone, frozen, and without those of tests", () => {
    const { steps, testSteps, imageSteps } = plan(rack());
    expect(steps[0]?.sees).toEqual([{ path: "Gemfile" }, { path: "Gemfile.lock" }]);
    expect(steps[0]?.command).toContain('BUNDLE_FROZEN: "true"');
    expect(steps[0]?.command).toContain('BUNDLE_WITHOUT: "development:test"');
    expect(testSteps?.[0]?.command).toContain('BUNDLE_WITHOUT: "none"');
    expect(imageSteps).toEqual(["dependencies"]);
  });

  it("with vendor/cache asks no registry", () => {
    const [step] = plan(rack({ "vendor/cache/rack-1.0.gem": "" })).steps;
    expect(step?.command).toContain("bundle install --local");
    expect(step?.sees).toContainEqual({ path: "vendor" });
  });

  it("with a gem of its own is installed with every change, and told so", () => {
    const { steps, warnings } = plan(
      rack({ "Gemfile.lock": `PATH\n  remote: gems/x\n  specs:\n    x (1.0)\n\n${lock(["rack", "puma"])}` }),
    );
    expect(steps[0]?.sees).toBe("tree");
    expect(warnings[0]).toContain("Gemfile.lock names gems inside this repository");
  });

  it("of Rails has its assets precompiled, by Node too where there is a package.json", () => {
    const rails = rack({ "config/application.rb": "", "Gemfile.lock": lock(["railties", "propshaft", "puma", "pg"]) });
    expect(plan(rails).steps.map(({ title }) => title)).toEqual(["bundle install", "rails assets:precompile"]);
    expect(plan(rails).imageRuntime).toEqual([expect.objectContaining({ packages: expect.arrayContaining(["libpq5"]) })]);
    const bundled = plan({
      ...rails,
      "package.json": packageJson({ scripts: { start: "webpack serve", build: "esbuild" } }),
      "yarn.lock": "",
    });
    expect(bundled.buildpack).toBe("Ruby");
    expect(bundled.buildRuntime.map(({ kind }) => kind)).toContain("node");
    expect(bundled.imageRuntime.map(({ kind }) => kind)).toEqual(["packages"]);
  });

  it("is not a Node app with a Gemfile for its tools", () => {
    const files = { "package.json": packageJson({ scripts: { start: "node ." } }), Gemfile: 'gem "fastlane"' };
    expect(plan(files).buildpack).toBe("Node.js");
  });

  it.each([
    ["no lockfile", { Gemfile: "", "config.ru": "" }, "There is no Gemfile.lock"],
    ["a conflict in it", rack({ "Gemfile.lock": "GEM\n<<<<<<< HEAD\n" }), 'line 2 is a conflict marker of git: "<<<<<<< HEAD"'],
    ["half a lockfile", rack({ "Gemfile.lock": "GEM\n  specs:\n" }), "it has no section DEPENDENCIES"],
    ["a lockfile of a Mac", rack({ "Gemfile.lock": lock(["rack"], "PLATFORMS\n  arm64-darwin-24\n\nDEPENDENCIES\n") }), "for no Linux"],
  ])("with %s is told so", (_, files, message) => {
    expect(() => plan(files as unknown as Files)).toThrow(
      expect.objectContaining({ code: "build/gemfile-lock", message: expect.stringContaining(message) }),
    );
  });

  it("with nothing to start is told what would", () => {
    expect(() => plan({ Gemfile: "", "Gemfile.lock": lock(["rake"]) })).toThrow(expect.objectContaining({ code: "build/ruby-start" }));
  });
});
