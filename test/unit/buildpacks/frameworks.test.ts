/** Frameworks: what each app with no file of ours comes to. */
import { describe, expect, it } from "vitest";
import { BUILDPACKS, type BuildPlan, choosePlan } from "../../../buildpacks/index.ts";
import { PushboatError, renderError } from "../../../core/index.ts";
import { type Files, packageJson, sourceOf } from "./source-of.ts";

const plan = (fields: object, files: Files = {}): BuildPlan =>
  choosePlan(sourceOf({ "package.json": packageJson(fields), "package-lock.json": "{}", ...files }), BUILDPACKS);

function web({ processes }: BuildPlan): string {
  return (processes as Record<string, { command: readonly string[] }>)["web"]?.command.join(" ") ?? "";
}

const outputs = ({ steps }: BuildPlan): unknown => {
  const keeps = steps.find(({ name }) => name === "build")?.keeps;
  return keeps?.kind === "site" ? keeps.candidates : null;
};

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof PushboatError) return renderError(error).join("\n");
  }
  return "it was accepted";
}

const SERVERS: readonly (readonly [string, object, Files, string])[] = [
  ["Next", { dependencies: { next: "16" } }, {}, "next start"],
  [
    "Next with a port of its own",
    { scripts: { start: "next start -p 3000 -H 0.0.0.0" }, dependencies: { next: "16" } },
    {},
    "next start -H 0.0.0.0",
  ],
  [
    "Next standalone",
    { scripts: { start: "next start" }, dependencies: { next: "16" } },
    { "next.config.ts": 'export default { output: "standalone" }' },
    "node .next/standalone/server.js",
  ],
  ["Next behind a server of its own", { scripts: { start: "node server.mjs" }, dependencies: { next: "16" } }, {}, "node server.mjs"],
  ["Nuxt", { scripts: { start: "nuxt preview", build: "nuxt build" }, dependencies: { nuxt: "4" } }, {}, "node .output/server/index.mjs"],
  [
    "React Router",
    { dependencies: { "@react-router/serve": "8" }, devDependencies: { "@react-router/dev": "8", vite: "8" } },
    {},
    "react-router-serve ./build/server/index.js",
  ],
  [
    "Remix",
    { dependencies: { "@remix-run/serve": "2" }, devDependencies: { "@remix-run/dev": "2", vite: "6" } },
    {},
    "remix-serve ./build/server/index.js",
  ],
  ["SvelteKit", { devDependencies: { "@sveltejs/kit": "3", "@sveltejs/adapter-node": "6", vite: "8" } }, {}, "node build"],
  ["Astro", { scripts: { start: "astro dev" }, dependencies: { astro: "7", "@astrojs/node": "11" } }, {}, "node ./dist/server/entry.mjs"],
  [
    "Angular with a server",
    { scripts: { start: "ng serve" }, devDependencies: { "@angular/cli": "22" } },
    { "angular.json": JSON.stringify({ projects: { shop: { architect: { build: { options: { ssr: { entry: "src/server.ts" } } } } } } }) },
    "node dist/shop/server/server.mjs",
  ],
  ["Nest", { scripts: { start: "nest start", build: "nest build" }, dependencies: { "@nestjs/core": "12" } }, {}, "node dist/main"],
];

const SITES: readonly (readonly [string, object, Files, readonly string[], string])[] = [
  ["Next that exports", { dependencies: { next: "16" } }, { "next.config.mjs": "export default {output: 'export'}" }, ["out"], "by-files"],
  ["Nuxt that generates", { scripts: { build: "nuxt generate" }, dependencies: { nuxt: "4" } }, {}, [".output/public", "dist"], "by-files"],
  [
    "React Router without a server",
    { devDependencies: { "@react-router/dev": "8" } },
    { "react-router.config.ts": "export default { ssr: false }" },
    ["build/client"],
    "single-page",
  ],
  ["SvelteKit", { devDependencies: { "@sveltejs/kit": "3", "@sveltejs/adapter-static": "4" } }, {}, ["build"], "by-files"],
  ["Astro", { scripts: { start: "astro dev", build: "astro build" }, dependencies: { astro: "7" } }, {}, ["dist"], "by-files"],
  [
    "Angular",
    { scripts: { start: "ng serve", build: "ng build" }, devDependencies: { "@angular/cli": "22" } },
    { "angular.json": '{\n// comment\n"projects": { "lib": { "projectType": "library" }, "shop": { "projectType": "application" }, } }' },
    ["dist/shop/browser", "dist/shop"],
    "single-page",
  ],
  [
    "Angular with a path of its own",
    { devDependencies: { "@angular/cli": "22" } },
    {
      "angular.json": JSON.stringify({
        projects: { shop: { architect: { build: { options: { outputPath: { base: "./public/", browser: "" } } } } } },
      }),
    },
    ["public"],
    "single-page",
  ],
  [
    "Create React App",
    { scripts: { start: "react-scripts start", build: "react-scripts build" }, dependencies: { "react-scripts": "5" } },
    {},
    ["build"],
    "single-page",
  ],
  ["Vite", { scripts: { start: "vite" }, devDependencies: { vite: "8" } }, {}, ["dist"], "single-page"],
  [
    "Vite with a directory of its own",
    { devDependencies: { vite: "8" } },
    { "vite.config.js": "build: {\n // outDir: 'x'\n outDir: './www/' }" },
    ["www", "dist"],
    "single-page",
  ],
  ["a build that is nobody's", { scripts: { build: "node build.js" } }, {}, ["dist", "build", "out", "public", "_site"], "by-files"],
];

describe("a framework", () => {
  it.each(SERVERS)("with a server is started by it: %s", (_, fields, files, command) => {
    const chosen = plan(fields, files);
    expect(chosen.buildpack).toBe("Node.js");
    expect(web(chosen)).toBe(command);
  });

  it.each(SITES)("without one is served as files: %s", (_, fields, files, directories, missing) => {
    const chosen = plan(fields, files);
    expect(chosen.buildpack).toBe("static site with a build");
    expect(outputs(chosen)).toEqual(directories);
    expect(web(chosen)).toContain(missing);
    expect(chosen.meaning).toContain("no language at run time");
  });

  it("is named with what that means", () => {
    const chosen = plan({ dependencies: { next: "16" } });
    expect(chosen).toMatchObject({ reason: "package.json with Next.js", meaning: "Next.js: web is `next start`" });
  });

  it("builds where package.json has no build script, and keeps its cache for the next build", () => {
    const chosen = plan({ dependencies: { next: "16" } });
    expect(chosen.steps.find(({ name }) => name === "build")?.command).toBe("next build");
    expect(chosen.caches.map(({ directory }) => directory)).toEqual(expect.arrayContaining([".next/cache", "node_modules/.cache"]));
  });

  it("that brings all it needs has no node_modules in the image, but where a Procfile may want them", () => {
    const nuxt = { scripts: { build: "nuxt build", postinstall: "nuxt prepare" }, dependencies: { nuxt: "4" } };
    expect(plan(nuxt).imageSteps).toEqual(["build"]);
    expect(plan(nuxt, { Procfile: "release: npx prisma migrate deploy" }).imageSteps).toEqual(["dependencies", "build"]);
  });

  it("whose install script only writes types does not install again with every change", () => {
    for (const scripts of [{ postinstall: "nuxt prepare" }, { prepare: "svelte-kit sync || echo ''" }]) {
      expect(plan({ scripts: { start: "node .", ...scripts }, dependencies: { a: "1" } }).steps[0]?.sees, JSON.stringify(scripts)).not.toBe(
        "tree",
      );
    }
  });
});

describe("an adapter", () => {
  it.each([
    ["SvelteKit", { devDependencies: { "@sveltejs/kit": "2", "@sveltejs/adapter-auto": "7" } }, {}, "uses @sveltejs/adapter-auto"],
    ["SvelteKit", { devDependencies: { "@sveltejs/kit": "2" } }, {}, "has no adapter"],
    [
      "Astro",
      { dependencies: { astro: "7", "@astrojs/vercel": "9" } },
      { "astro.config.mjs": "adapter: vercel()" },
      "uses @astrojs/vercel",
    ],
    [
      "Astro",
      { dependencies: { astro: "7", "@astrojs/node": "9" } },
      { "astro.config.mjs": "node({ mode: 'middleware' })" },
      "middleware mode",
    ],
  ])("of %s that is for elsewhere is refused with what to do: %o", (framework, fields, files, seen) => {
    const text = refusal(() => plan(fields, files as Files));
    expect(text).toContain(`This ${framework} app`);
    expect(text).toContain(seen);
    expect(text).toMatch(/npm install -D @sveltejs\/adapter-node|astro add node|standalone/);
  });

  it("does not matter where a start script says what runs", () => {
    expect(web(plan({ scripts: { start: "node mine.js" }, devDependencies: { "@sveltejs/kit": "2" } }))).toBe("node mine.js");
  });

  it("is not looked for in an angular.json that is broken: that is said with its line", () => {
    expect(refusal(() => plan({ devDependencies: { "@angular/cli": "22" } }, { "angular.json": "{\n  projects: 1\n}" }))).toContain(
      "angular.json is not JSON: line 2, column 3",
    );
  });
});

describe("a start script", () => {
  const warnings = (start: string, fields: object): string => plan({ scripts: { start }, ...fields }).warnings.join("\n");

  it("that runs a development dependency is warned of", () => {
    expect(warnings("tsx src/server.ts", { devDependencies: { tsx: "4" } })).toContain("move tsx to dependencies");
    expect(warnings("NODE_ENV=production npx tsx a.ts", { devDependencies: { tsx: "4" } })).toContain("move tsx to dependencies");
    expect(warnings("tsx src/server.ts", { dependencies: { tsx: "4" } })).toBe("");
  });

  it("with a port of its own is warned of", () => {
    expect(warnings("http-server -p 8080 ./public", { dependencies: { "http-server": "14" } })).toContain(
      "(8080): the app must listen on $PORT",
    );
    expect(warnings("http-server -p $PORT", { dependencies: { "http-server": "14" } })).toBe("");
  });
});
