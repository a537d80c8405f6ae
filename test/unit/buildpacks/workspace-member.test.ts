/** build.root that is a package of a JavaScript workspace: installed at the root, built and started in its directory. */
import { describe, expect, it } from "vitest";
import { BUILDPACKS, type BuildPlan, choosePlan, isWorkspaceMember } from "../../../buildpacks/index.ts";
import { type Files, sourceOf } from "./source-of.ts";

const ROOT = { name: "shop", workspaces: ["apps/*"], engines: { node: "22" } };
const files = (app: object, more: Files = {}, root: object = ROOT): Files => ({
  "package.json": JSON.stringify(root),
  "package-lock.json": "{}",
  "apps/web/package.json": JSON.stringify({ name: "@shop/web", ...app }),
  ...more,
});

const plan = (app: object, more?: Files, root?: object): BuildPlan =>
  choosePlan({ ...sourceOf(files(app, more, root)), member: "apps/web" }, BUILDPACKS);

const command = (chosen: BuildPlan, name: string): string | undefined => chosen.steps.find((step) => step.name === name)?.command;

describe("a package of a workspace", () => {
  it("is one where the root has the workspace and the lockfile", () => {
    expect(isWorkspaceMember(sourceOf(files({})), "apps/web")).toBe(true);
    expect(isWorkspaceMember(sourceOf(files({}, {}, { name: "no-workspaces" })), "apps/web")).toBe(false);
    expect(isWorkspaceMember(sourceOf(files({}, { "apps/web/yarn.lock": "" })), "apps/web")).toBe(false);
    expect(isWorkspaceMember(sourceOf(files({}, { "apps/web/Dockerfile": "" })), "apps/web")).toBe(false);
    expect(isWorkspaceMember(sourceOf(files({})), "apps/other")).toBe(false);
  });

  it("is installed at the root with its lockfile and Node version, built by name, and started in its directory", () => {
    const chosen = plan({ scripts: { build: "tsc", start: "node dist/server.js" }, dependencies: { ms: "2" } });
    expect(command(chosen, "dependencies")).toBe("npm ci --include=dev");
    expect(command(chosen, "build")).toBe("npm run build --workspace=@shop/web");
    expect(chosen.processes).toEqual({ web: { form: "shell", command: ["cd apps/web && node dist/server.js"] } });
    expect(chosen.env["PATH"]).toMatch(/^\/app\/apps\/web\/node_modules\/\.bin:/);
    expect(chosen.reason).toBe("package.json with a start script, in apps/web of the workspace");
    expect(chosen.imageRuntime).toEqual([expect.objectContaining({ node: { range: "22", from: "engines.node in package.json" } })]);
  });

  it.each([
    [
      "pnpm",
      { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", "pnpm-workspace.yaml": "packages:\n  - apps/*\n" },
      "pnpm@10.24.0",
      "pnpm --filter=@shop/web... run build",
    ],
    ["yarn", { "yarn.lock": "__metadata:\n  version: 8\n" }, "yarn@4.9.2", "yarn workspace @shop/web run build"],
    ["turbo", { "turbo.json": "{}" }, "npm@11.6.2", "turbo run build --filter=@shop/web"],
  ])("is built by %s with what it depends on, where the tool can", (_, more, packageManager, expected) => {
    const root = { ...ROOT, packageManager, devDependencies: { turbo: "2" } };
    expect(command(plan({ scripts: { build: "x", start: "y" } }, more as unknown as Files, root), "build")).toBe(expected);
  });

  it("that is a site is served from its own directory, and keeps a framework's cache there", () => {
    const chosen = plan(
      { scripts: { build: "ng build" }, devDependencies: { "@angular/cli": "22" } },
      { "apps/web/angular.json": '{"projects":{"web":{}}}' },
    );
    expect(chosen.steps.at(-1)?.keeps).toEqual({ kind: "site", candidates: ["apps/web/dist/web/browser", "apps/web/dist/web"] });
    expect(chosen.caches.map(({ directory }) => directory)).toContain("apps/web/.angular/cache");
  });

  it("with a framework but no build script is built in its directory", () => {
    expect(command(plan({ dependencies: { next: "16" } }), "build")).toBe("cd apps/web && next build");
  });

  it("with a name that is no package's is refused before a shell sees it", () => {
    expect(() => plan({ name: "a; reboot", scripts: { build: "x", start: "y" } })).toThrow('"a; reboot" is not the name of a package');
  });

  it("has to be named where the root starts nothing", () => {
    const root = (scripts: object, app: object): unknown => choosePlan(sourceOf(files(app, {}, { ...ROOT, scripts })), BUILDPACKS);
    for (const scripts of [{ build: "turbo run build" }, {}]) {
      expect(() => root(scripts, { scripts: { start: "node ." } })).toThrow("starts nothing; apps are apps/web");
      expect(() => root(scripts, { dependencies: { next: "16" } })).toThrow(expect.objectContaining({ code: "build/workspace" }));
    }
    expect(() => root({ build: "node site.js" }, { scripts: { start: "node ." } })).not.toThrow();
    expect(() => root({ start: "node apps/web/server.js" }, { scripts: { start: "node ." } })).not.toThrow();
  });
});
