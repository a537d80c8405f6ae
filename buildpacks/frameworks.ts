/** The frameworks that need more than a start script, as data. The first that a project depends on counts: those built on Vite before Vite. */
import { configText, dependsOn, type Framework, type Project, type Serving, server, site } from "./framework.ts";
import { serveAstro, serveSvelteKit } from "./framework-adapters.ts";
import { serveAngular } from "./framework-angular.ts";

const NONE = { caches: [], buildEnv: {} } as const;

export const FRAMEWORKS: readonly Framework[] = [
  {
    name: "Next.js",
    packages: ["next"],
    build: "next build",
    notAStart: /^next(?: |$)/,
    caches: [".next/cache"],
    buildEnv: { NEXT_TELEMETRY_DISABLED: "1" },
    serve: serveNext,
  },
  {
    name: "Nuxt",
    packages: ["nuxt"],
    build: "nuxt build",
    notAStart: /^nux[ti](?: |$)/,
    caches: [],
    buildEnv: { NUXT_TELEMETRY_DISABLED: "1" },
    serve: serveNuxt,
  },
  {
    ...NONE,
    name: "React Router",
    packages: ["@react-router/dev"],
    build: "react-router build",
    notAStart: /^react-router dev/,
    serve: ({ source, packageJson }) =>
      /\bssr:\s*false\b/.test(configText(source, "react-router.config"))
        ? site(["build/client"], "single-page")
        : servedBy(packageJson.dependencies["@react-router/serve"], "react-router-serve ./build/server/index.js"),
  },
  {
    ...NONE,
    name: "Remix",
    packages: ["@remix-run/dev"],
    build: "remix vite:build",
    notAStart: /^remix (?:dev|vite:dev)/,
    serve: ({ source, packageJson }) =>
      /\bssr:\s*false\b/.test(configText(source, "vite.config"))
        ? site(["build/client"], "single-page")
        : servedBy(packageJson.dependencies["@remix-run/serve"], "remix-serve ./build/server/index.js"),
  },
  {
    ...NONE,
    name: "SvelteKit",
    packages: ["@sveltejs/kit"],
    build: "vite build",
    notAStart: /^vite(?: |$)/,
    serve: serveSvelteKit,
  },
  {
    name: "Astro",
    packages: ["astro"],
    build: "astro build",
    notAStart: /^astro(?: |$)/,
    caches: ["node_modules/.astro"],
    buildEnv: { ASTRO_TELEMETRY_DISABLED: "1" },
    serve: serveAstro,
  },
  {
    name: "Angular",
    packages: ["@angular/cli"],
    build: "ng build",
    notAStart: /^ng(?: |$)/,
    caches: [".angular/cache"],
    buildEnv: { NG_CLI_ANALYTICS: "false" },
    serve: serveAngular,
  },
  {
    ...NONE,
    name: "NestJS",
    packages: ["@nestjs/core"],
    build: "nest build",
    notAStart: /^nest start/,
    serve: ({ packageJson }) => server(packageJson.scripts["start:prod"] ?? "node dist/main"),
  },
  { ...NONE, name: "Gatsby", packages: ["gatsby"], build: "gatsby build", notAStart: /^gatsby(?: |$)/, serve: () => site(["public"]) },
  {
    ...NONE,
    name: "Docusaurus",
    packages: ["@docusaurus/core"],
    build: "docusaurus build",
    notAStart: /^docusaurus(?: |$)/,
    serve: () => site(["build"]),
  },
  {
    ...NONE,
    name: "VitePress",
    packages: ["vitepress"],
    build: "vitepress build docs",
    notAStart: /^vitepress(?: |$)/,
    serve: () => site(["docs/.vitepress/dist", ".vitepress/dist"]),
  },
  {
    ...NONE,
    name: "Eleventy",
    packages: ["@11ty/eleventy"],
    build: "eleventy",
    notAStart: /^eleventy(?: |$)/,
    serve: () => site(["_site", "dist", "public"]),
  },
  {
    name: "Create React App",
    packages: ["react-scripts"],
    build: "react-scripts build",
    notAStart: /^(?:\S+=\S+ )*react-scripts start/,
    caches: [],
    // It takes a linter's warnings for errors where CI says true: a warning must not stop a push.
    buildEnv: { CI: "false", DISABLE_ESLINT_PLUGIN: "true" },
    serve: () => site(["build"], "single-page"),
  },
  {
    ...NONE,
    name: "Vue CLI",
    packages: ["@vue/cli-service"],
    build: "vue-cli-service build",
    notAStart: /^vue-cli-service serve/,
    serve: () => site(["dist"], "single-page"),
  },
  {
    ...NONE,
    name: "Vite",
    packages: ["vite"],
    build: "vite build",
    notAStart: /^vite(?: (?:dev|serve|preview))?(?: |$)/,
    serve: ({ source }) => site([...namedOutput(configText(source, "vite.config")), "dist"], "single-page"),
  },
];

export function detectFramework({ packageJson }: Project): Framework | null {
  return FRAMEWORKS.find(({ packages }) => packages.some((name) => dependsOn(packageJson, name))) ?? null;
}

function serveNext({ source, packageJson }: Project): Serving {
  const config = configText(source, "next.config");
  const output = /\boutput:\s*["'](\w+)["']/.exec(config)?.[1];
  if (output === "export") return site([...distDirectory(config), "out"]);
  if (output !== "standalone") return server(withoutPort(packageJson.scripts["start"]));
  return {
    kind: "server",
    command: "node .next/standalone/server.js",
    env: { HOSTNAME: "0.0.0.0" },
    selfContained: true,
    // Next leaves these to whoever ships the directory (its documentation of `output`).
    finish: "cp -r .next/static .next/standalone/.next/ && { [ ! -d public ] || cp -r public .next/standalone/; }",
  };
}

/** Its own options, but a port of its own: PORT says it. */
function withoutPort(start = ""): string {
  return start.startsWith("next start") ? start.trim().replace(/\s+(?:-p|--port)[ =]?\d+/, "") : "next start";
}

function distDirectory(config: string): readonly string[] {
  const named = /\bdistDir:\s*["']([^"']+)["']/.exec(config)?.[1];
  return named === undefined ? [] : [named];
}

function serveNuxt({ packageJson }: Project): Serving {
  if (/\bgenerate\b/.test(packageJson.scripts["build"] ?? "")) return site([".output/public", "dist"]);
  return { ...server("node .output/server/index.mjs"), selfContained: true };
}

function namedOutput(config: string): readonly string[] {
  const named = /\boutDir:\s*["'](?:\.\/)?([^"'.][^"']*)["']/.exec(config)?.[1];
  return named === undefined ? [] : [named.replace(/\/+$/, "")];
}

function servedBy(version: string | undefined, command: string): Serving | null {
  return version === undefined ? null : server(command);
}
