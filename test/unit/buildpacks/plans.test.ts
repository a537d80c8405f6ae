import { describe, expect, it } from "vitest";
import { BUILDPACKS, type BuildPlan, choosePlan } from "../../../buildpacks/index.ts";
import { PushboatError, renderError } from "../../../core/index.ts";
import { packageJson, sourceOf } from "./source-of.ts";

const plan = (files: Readonly<Record<string, string>>): BuildPlan => choosePlan(sourceOf(files), BUILDPACKS);

function refusal(files: Readonly<Record<string, string>>): string {
  try {
    plan(files);
  } catch (error) {
    if (error instanceof PushboatError) return renderError(error).join("\n");
  }
  return "it was accepted";
}

const EXPRESS = {
  "package.json": packageJson({ scripts: { start: "node server.js" }, dependencies: { express: "5" } }),
  "package-lock.json": "{}",
  "server.js": "",
};

/** Name, what it sees, command: a step at a glance. */
function steps({ steps: all }: BuildPlan): readonly string[] {
  return all.map(
    ({ name, sees, command, on }) =>
      `${name}: ${command} | ${sees === "tree" ? "tree" : sees.map(({ path }) => path).join(" ")} | ${on.join(" ")}`,
  );
}

describe("a Node app", () => {
  it("with a start script and a lockfile installs production dependencies from the manifest alone", () => {
    const chosen = plan(EXPRESS);
    expect(chosen).toMatchObject({
      buildpack: "Node.js",
      reason: "package.json with a start script",
      imageSteps: ["dependencies"],
      imageHasSource: true,
    });
    expect(steps(chosen)).toEqual(["dependencies: npm ci --omit=dev | package.json package-lock.json | "]);
    expect(chosen.processes).toEqual({ web: { form: "shell", command: ["node server.js"] } });
    expect(chosen.env["NODE_ENV"]).toBe("production");
    expect(chosen.warnings).toEqual([]);
  });

  it("with a build script builds on all dependencies and runs on those for production", () => {
    const chosen = plan({
      ...EXPRESS,
      "package.json": packageJson({ scripts: { start: "node .", build: "tsc" }, dependencies: { a: "1" }, devDependencies: { b: "1" } }),
    });
    expect(steps(chosen)).toEqual([
      "build-dependencies: npm ci --include=dev | package.json package-lock.json | ",
      "dependencies: npm ci --omit=dev | package.json package-lock.json | ",
      "build: npm run build | tree | build-dependencies",
    ]);
    expect(chosen.imageSteps).toEqual(["dependencies", "build"]);
  });

  it("without dev dependencies installs once for both", () => {
    const chosen = plan({
      ...EXPRESS,
      "package.json": packageJson({ scripts: { start: "node .", build: "tsc" }, dependencies: { a: "1" } }),
    });
    expect(steps(chosen)).toEqual([
      "dependencies: npm ci --omit=dev | package.json package-lock.json | ",
      "build: npm run build | tree | dependencies",
    ]);
  });

  it("with a postinstall script sees the whole tree, says why, and takes dev dependencies out again", () => {
    const chosen = plan({
      ...EXPRESS,
      "package.json": packageJson({
        scripts: { start: "node .", postinstall: "patch-package" },
        dependencies: { a: "1" },
        devDependencies: { b: "1" },
      }),
    });
    expect(steps(chosen)).toEqual(["dependencies: npm ci --include=dev | tree | ", "prune: npm prune --omit=dev | tree | dependencies"]);
    expect(chosen.imageSteps).toEqual(["dependencies", "prune"]);
    expect(chosen.warnings[0]).toContain("package.json has a postinstall script");
  });

  it.each([
    ["workspaces", { workspaces: ["packages/*"] }, "has workspaces"],
    ["a package of the repository", { dependencies: { mine: "file:./mine" } }, "mine is a package inside this repository"],
  ])("with %s sees the whole tree", (_, fields, reason) => {
    const chosen = plan({ ...EXPRESS, "package.json": packageJson({ scripts: { start: "node ." }, ...fields }) });
    expect(chosen.steps[0]?.sees).toBe("tree");
    expect(chosen.warnings[0]).toContain(reason);
  });

  it("that only prepares git hooks with husky stays isolated", () => {
    for (const prepare of ["husky", "husky install", "husky || true", "is-ci || husky install"]) {
      const chosen = plan({
        ...EXPRESS,
        "package.json": packageJson({ scripts: { start: "node .", prepare }, dependencies: { a: "1" }, devDependencies: { husky: "9" } }),
      });
      expect(steps(chosen), prepare).toEqual(["dependencies: npm ci --omit=dev | package.json package-lock.json | "]);
    }
  });

  it("sees .npmrc and patches where they are there", () => {
    expect(steps(plan({ ...EXPRESS, ".npmrc": "x", "patches/a.patch": "y" }))).toEqual([
      "dependencies: npm ci --omit=dev | package.json package-lock.json .npmrc patches | ",
    ]);
  });

  it("without a lockfile warns loudly", () => {
    const { "package-lock.json": _, ...bare } = EXPRESS;
    expect(plan(bare).steps[0]?.command).toBe("npm install --no-save --omit=dev");
    expect(plan(bare).warnings[0]).toContain("There is no package-lock.json");
  });

  it("without any dependency installs nothing", () => {
    expect(plan({ "package.json": packageJson({}), "server.js": "" })).toMatchObject({ steps: [], reason: "package.json with server.js" });
  });

  it("takes its processes from the Procfile, and web from the start script where the Procfile has none", () => {
    expect(plan({ ...EXPRESS, Procfile: "web: node a.js\nworker: node b.js" }).processes).toEqual({
      web: { form: "shell", command: ["node a.js"] },
      worker: { form: "shell", command: ["node b.js"] },
    });
    expect(Object.keys(plan({ ...EXPRESS, Procfile: "worker: node b.js" }).processes)).toEqual(["web", "worker"]);
  });

  it("is started by npm only where npm would do more than run the script", () => {
    const started = (scripts: object): unknown => plan({ ...EXPRESS, "package.json": packageJson({ scripts }) }).processes["web" as never];
    expect(started({ start: "node a.js" })).toMatchObject({ command: ["node a.js"] });
    expect(started({ start: "node a.js", prestart: "node b.js" })).toMatchObject({ command: ["npm start"] });
    expect(started({ start: "node a.js $npm_package_config_port" })).toMatchObject({ command: ["npm start"] });
  });
});

describe("a site", () => {
  it("with a build script and nothing to start is its build output, and no source", () => {
    const chosen = plan({
      "package.json": packageJson({ scripts: { build: "vite build", dev: "vite" }, devDependencies: { vite: "8" } }),
      "package-lock.json": "{}",
      "index.html": "",
    });
    expect(chosen).toMatchObject({
      buildpack: "static site with a build",
      imageSteps: ["build"],
      imageHasSource: false,
      imageRuntime: [{ kind: "nginx" }],
    });
    expect(steps(chosen)).toEqual([
      "build-dependencies: npm ci --include=dev | package.json package-lock.json | ",
      "build: npm run build | tree | build-dependencies",
    ]);
    expect(chosen.processes).toEqual({ web: { form: "exec", command: ["/usr/local/bin/serve-static", "/app/site", "single-page"] } });
  });

  it("whose start script is a developer's server is built all the same", () => {
    const scripts = { start: "react-scripts start", build: "react-scripts build" };
    expect(plan({ "package.json": packageJson({ scripts, dependencies: { "react-scripts": "5" } }) }).buildpack).toBe(
      "static site with a build",
    );
    expect(plan({ "package.json": packageJson({ scripts: { start: "vite-node server.ts", build: "vite build" } }) }).buildpack).toBe(
      "Node.js",
    );
  });

  it("of plain files is served from public/, dist/ or the root", () => {
    const served = (files: Record<string, string>): unknown => plan(files).processes["web" as never];
    expect(served({ "index.html": "" })).toMatchObject({ command: ["/usr/local/bin/serve-static", "/app", "by-files"] });
    expect(served({ "public/index.html": "", "index.html": "" })).toMatchObject({
      command: ["/usr/local/bin/serve-static", "/app/public", "by-files"],
    });
    expect(served({ "dist/index.html": "", "package.json": packageJson({ scripts: { lint: "x" } }) })).toMatchObject({
      command: ["/usr/local/bin/serve-static", "/app/dist", "by-files"],
    });
  });
});

describe("what cannot be built", () => {
  it("says what was looked for and what is there", () => {
    expect(refusal({ "main.py": "", "README.md": "", "src/a.py": "" })).toMatchSnapshot();
    expect(refusal({})).toMatchSnapshot();
  });

  it("is shown without control characters of its file names", () => {
    expect(refusal({ "\u001b[31mred": "", "new\nline": "" })).not.toContain("\u001b");
  });

  it("says what a package.json without anything to start misses", () => {
    expect(refusal({ "package.json": packageJson({ scripts: { lint: "biome", test: "vitest" } }) })).toMatchSnapshot();
  });

  it("names line and column where package.json stops being JSON", () => {
    expect(refusal({ "package.json": '{\n  "name": "blog",\n  "scripts": {\n    "start": "node ."\n  },\n}' })).toMatchSnapshot();
    expect(refusal({ "package.json": "hello" })).toMatchSnapshot();
    expect(refusal({ "package.json": "" })).toMatchSnapshot();
    expect(refusal({ "package.json": "[]" })).toMatchSnapshot();
    expect(refusal({ "package.json": '{"scripts":["start"]}' })).toMatchSnapshot();
    expect(refusal({ "package.json": '{"scripts":{"start":1}}' })).toMatchSnapshot();
  });
});

describe("a repository that holds less than it says", () => {
  it("is built with a warning that names its submodules and its LFS files", () => {
    const { warnings } = plan({
      ...EXPRESS,
      ".gitmodules": '[submodule "x"]\n\tpath = vendor/x\n\turl = y\n',
      ".gitattributes": "*.psd filter=lfs diff=lfs\n",
    });
    expect(warnings).toEqual([
      'Submodules are not fetched, their directories are empty: "vendor/x"',
      "Git LFS files are not fetched: the app gets the small pointer files (.gitattributes has filter=lfs)",
    ]);
  });
});
