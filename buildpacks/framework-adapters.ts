/** SvelteKit and Astro: what runs is decided by the adapter that the project depends on. */
import { PushboatError } from "../core/index.ts";
import { configText, dependsOn, type Project, type Serving, server, site } from "./framework.ts";
import type { PackageJson } from "./package-json.ts";

/** The router in front says what the visitor asked for; without this, forms are refused as coming from elsewhere. */
const BEHIND_THE_ROUTER = {
  PROTOCOL_HEADER: "x-forwarded-proto",
  HOST_HEADER: "x-forwarded-host",
  ADDRESS_HEADER: "x-forwarded-for",
  XFF_DEPTH: "1",
} as const;

export function serveSvelteKit({ source, packageJson }: Project): Serving {
  if (dependsOn(packageJson, "@sveltejs/adapter-node")) return { ...server("node build"), env: BEHIND_THE_ROUTER };
  if (dependsOn(packageJson, "@sveltejs/adapter-static")) {
    const config = configText(source, "svelte.config") + configText(source, "vite.config");
    return site(["build"], /\bfallback:\s*["']index\.html["']/.test(config) ? "single-page" : "by-files");
  }
  throw noAdapter({
    framework: "SvelteKit",
    found: adapterOf(packageJson, /^(?:@sveltejs\/|svelte-)adapter-/),
    hint: [
      "For a server: npm install -D @sveltejs/adapter-node, and in vite.config or svelte.config  import adapter from '@sveltejs/adapter-node'",
      "For files alone, where every page can be prerendered: the same with @sveltejs/adapter-static",
      "Commit package.json, the lockfile and the configuration, and push again.",
    ].join("\n"),
  });
}

export function serveAstro({ source, packageJson }: Project): Serving {
  const config = configText(source, "astro.config");
  const foreign = adapterOf(packageJson, /^@astrojs\/(?:vercel|netlify|cloudflare)$/);
  if (!dependsOn(packageJson, "@astrojs/node")) {
    if (foreign === null || !/\badapter\s*[:(]/.test(config)) return site(["dist"]);
    throw noAdapter({ framework: "Astro", found: foreign, hint: "Run `npx astro add node`, commit, and push again." });
  }
  if (!/\bmode:\s*["']middleware["']/.test(config)) return { ...server("node ./dist/server/entry.mjs"), env: { HOST: "0.0.0.0" } };
  throw noAdapter({
    framework: "Astro",
    found: "@astrojs/node in middleware mode",
    hint: 'Write  adapter: node({ mode: "standalone" })  in astro.config, or give package.json a start script that starts your own server.',
  });
}

function adapterOf({ dependencies, devDependencies }: PackageJson, pattern: RegExp): string | null {
  return Object.keys({ ...dependencies, ...devDependencies }).find((name) => pattern.test(name)) ?? null;
}

function noAdapter({ framework, found, hint }: { framework: string; found: string | null; hint: string }): PushboatError {
  const what = found === null ? "has no adapter" : `uses ${found}`;
  return new PushboatError({
    code: "build/adapter",
    message: `This ${framework} app ${what}: what that builds does not run by itself`,
    hint,
  });
}
