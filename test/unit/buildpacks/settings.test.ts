import { describe, expect, it } from "vitest";
import { BUILDPACKS, choosePlan, readBuildSettings } from "../../../buildpacks/index.ts";
import { type Files, packageJson, sourceOf } from "./source-of.ts";

const NODE = { "package.json": packageJson({ scripts: { start: "node .", build: "vite build" } }) };

const plan = (yml: string, files: Files = NODE) =>
  choosePlan(sourceOf(files), BUILDPACKS, readBuildSettings({ pushboatYml: yml, appJson: null, kind: "production" }));

describe("build: of pushboat.yml", () => {
  it("replaces the build step's command, adds one, or takes it away", () => {
    const commands = (yml: string, files?: Files) => plan(yml, files).steps.map(({ command }) => command);
    expect(commands("build: {command: make}")).toEqual(["make"]);
    expect(commands("build: {command: make}", { "server.js": "", "package.json": "{}" })).toEqual(["make"]);
    expect(commands("build: {command: false}")).toEqual([]);
  });

  it("installs Debian packages in the build and in the image, with those of an Aptfile", () => {
    const { buildRuntime, imageRuntime } = plan("build: {apt: [ffmpeg]}", { ...NODE, Aptfile: "# tools\nlibvips42\nffmpeg\n" });
    const layer = expect.objectContaining({ name: "apt", packages: ["ffmpeg", "libvips42"] });
    expect(buildRuntime.at(-1)).toEqual(layer);
    expect(imageRuntime.at(-1)).toEqual(layer);
  });

  it("names the directory that a site's build writes, and is refused for a server", () => {
    const site = { "package.json": packageJson({ scripts: { build: "make" } }) };
    const chosen = plan("build: {output: ./www/site/}", site);
    expect(chosen.steps.at(-1)?.keeps).toEqual({ kind: "site", candidates: ["www/site"] });
    expect(chosen.meaning).toContain("www/site/ is served");
    expect(() => plan("build: {output: www}")).toThrow(expect.objectContaining({ code: "build/output" }));
  });

  it("refuses what is not the name of a package in an Aptfile", () => {
    expect(() => plan("", { ...NODE, Aptfile: "https://example.com/a.deb\n" })).toThrow(expect.objectContaining({ code: "build/aptfile" }));
  });

  it("names the config that steps see and the directories that are kept", () => {
    const chosen = plan("build: {env: [NPM_TOKEN], cache: [.next/cache/]}");
    expect(chosen.steps.map(({ configKeys }) => configKeys)).toEqual([["NPM_TOKEN"]]);
    expect(chosen.caches.at(-1)).toEqual({ name: "app-.next%2Fcache", directory: ".next/cache", env: {} });
  });

  it("chooses the buildpack, and says which there are", () => {
    const both = { ...NODE, "index.html": "" };
    expect(plan("build: {buildpack: static}", both).buildpack).toBe("static files");
    expect(() => plan("build: {buildpack: cobol}", both)).toThrow(expect.objectContaining({ code: "build/buildpack" }));
  });
});
