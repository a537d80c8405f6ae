import { describe, expect, it } from "vitest";
import { testStandsOn } from "../../../builder/test-phase.ts";
import { BUILDPACKS, choosePlan, readBuildSettings } from "../../../buildpacks/index.ts";
import { type Files, packageJson, sourceOf } from "./source-of.ts";

const BOTH = {
  "package.json": packageJson({ scripts: { build: "vite build" }, devDependencies: { vite: "1" } }),
  "package-lock.json": "{}",
  "requirements.txt": "django\ngunicorn\n",
  "manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")',
  "site1/wsgi.py": "",
};

interface Given {
  readonly yml?: string;
  readonly appJson?: object;
  readonly kind?: "production" | "review";
  readonly files?: Files;
}

function plan({ yml, appJson, kind = "production", files = BOTH }: Given) {
  const texts = { pushboatYml: yml ?? null, appJson: appJson === undefined ? null : JSON.stringify(appJson) };
  return choosePlan(sourceOf(files), BUILDPACKS, readBuildSettings({ ...texts, kind }));
}

const NODE_PYTHON = "build: {buildpack: [node, python]}";

describe("several buildpacks", () => {
  it("run in order: the last one starts the app, and the earlier ones need nothing to start", () => {
    const chosen = plan({ yml: NODE_PYTHON });
    expect(chosen).toMatchObject({ buildpack: "Node.js + Python", reason: "requirements.txt, started by manage.py (Django)" });
    expect(chosen.processes["web" as keyof typeof chosen.processes]).toMatchObject({ command: [expect.stringMatching(/^gunicorn /)] });
    const other = plan({ yml: "build: {buildpack: [python, static]}", files: { ...BOTH, "index.html": "" } });
    expect(other).toMatchObject({ buildpack: "Python + static files", reason: "index.html" });
  });

  it("have tools and layers of all of them in the build and in the image", () => {
    const { buildRuntime, imageRuntime, imageSteps, env, caches } = plan({ yml: NODE_PYTHON });
    const names = (runtime: typeof buildRuntime) => runtime.map((each) => ("name" in each ? each.name : each.kind));
    expect(names(buildRuntime)).toEqual(["node", "tools", "python", "uv"]);
    expect(names(imageRuntime)).toEqual(["node", "python"]);
    expect(imageSteps).toEqual(["node/dependencies", "node/build", "dependencies", "build"]);
    expect(env["PATH"]).toBe("/app/node_modules/.bin:/app/.venv/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin");
    expect(env).toMatchObject({ NODE_ENV: "production", VIRTUAL_ENV: "/app/.venv" });
    expect(caches.map(({ name }) => name)).toEqual(["npm", "app-node_modules%2F.cache", "uv"]);
  });

  it("let a step that sees the tree see what was built before; one that sees its lockfile alone stays alone", () => {
    const { steps } = plan({ yml: NODE_PYTHON });
    expect(steps.map(({ name, on }) => `${name} on ${on.join(" ")}`)).toEqual([
      "node/build-dependencies on ",
      "node/dependencies on ",
      "node/build on node/build-dependencies",
      "dependencies on ",
      "build on node/dependencies node/build dependencies",
    ]);
    expect(new Set(steps.map(({ title }) => title)).size).toBe(steps.length);
  });

  it("leave build.command to the last one", () => {
    const { steps } = plan({ yml: "build: {buildpack: [node, python], command: make static}" });
    expect(steps.map(({ command }) => command)).toContain("npm run build");
    expect(steps.at(-1)).toMatchObject({ name: "build", command: "make static" });
  });

  it("give tests the dev dependencies of each", () => {
    expect(testStandsOn(plan({ yml: NODE_PYTHON }))).toEqual(["node/build-dependencies", "node/build", "dependencies", "build"]);
  });

  it("are refused where one finds nothing, stands there twice, or is a Dockerfile", () => {
    const refused = (yml: string, message: RegExp) =>
      expect(() => plan({ yml })).toThrow(expect.objectContaining({ code: "build/buildpacks", message: expect.stringMatching(message) }));
    refused("build: {buildpack: [go, python]}", /"go" finds nothing to build here; it looks for go\.mod/);
    refused("build: {buildpack: [node, node]}", /twice/);
    refused("build: {buildpack: [dockerfile, node]}", /alone/);
  });
});

describe("buildpacks of app.json", () => {
  const heroku = (...urls: readonly string[]) => ({ buildpacks: urls.map((url) => ({ url })) });

  it("are known by Heroku's names and addresses", () => {
    const urls = ["heroku/nodejs", "https://github.com/heroku/heroku-buildpack-python.git#v200"];
    expect(plan({ appJson: heroku(...urls) }).buildpack).toBe("Node.js + Python");
    expect(plan({ appJson: heroku("heroku-community/apt", "urn:buildpack:heroku/python") }).buildpack).toBe("Python");
    expect(plan({ appJson: heroku("heroku/nodejs"), files: { "package.json": BOTH["package.json"] } }).buildpack).toBe(
      "static site with a build",
    );
  });

  it("are refused where nobody here knows them, with the way around", () => {
    const unknown = () => plan({ appJson: heroku("https://github.com/acme/cobol") });
    expect(unknown).toThrow(
      expect.objectContaining({ code: "build/buildpack", message: expect.stringMatching(/^app\.json: buildpacks\/0\/url: /) }),
    );
    expect(unknown).toThrow(expect.objectContaining({ hint: expect.stringContaining("build.buildpack in pushboat.yml") }));
  });

  it("give way to pushboat.yml, and may be others for branches", () => {
    expect(plan({ appJson: heroku("heroku/nodejs", "heroku/python"), yml: "build: {buildpack: python}" }).buildpack).toBe("Python");
    const appJson = { ...heroku("heroku/python"), environments: { review: heroku("heroku/nodejs", "heroku/python") } };
    expect(plan({ appJson }).buildpack).toBe("Python");
    expect(plan({ appJson, kind: "review" }).buildpack).toBe("Node.js + Python");
  });
});
