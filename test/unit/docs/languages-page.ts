/** docs/languages.md from the buildpacks' own data. */
import type { Buildpack } from "../../../buildpacks/index.ts";

export function languagesPage(buildpacks: readonly Buildpack[]): string {
  return [
    "# Languages",
    "",
    "<!-- Made from the buildpacks' own data by test/unit/docs/languages.test.ts: `UPDATE_DOCS=1 npx vitest run test/unit/docs` writes it anew. -->",
    "",
    "A push is taken by the first of these that finds what it looks for; the output says which, and why. The process types of a",
    "Procfile always win. `build.buildpack` in pushboat.yml chooses one by its id.",
    ...buildpacks.flatMap(section),
    "",
    "## What the repository can say itself",
    "",
    "```yaml",
    "# pushboat.yml, at the root of the repository",
    "build:",
    "  root: apps/web            # the app's directory in a monorepo; a package of a JavaScript workspace has the whole workspace there,",
    "                            # anything else its own directory alone",
    "  buildpack: python         # an id from above; several in order: [node, python]",
    "  command: make assets      # instead of the buildpack's own build step, or beside one that has none; false: none",
    "  output: www/site          # the directory that a site's build writes, where it is none that is looked for",
    "  apt: [ffmpeg, libvips42]  # Debian packages, in the build and at run time; an Aptfile does the same",
    "  env: [NPM_TOKEN]          # config that the build sees; no other config is there",
    "  cache: [.next/cache]      # directories that are kept between builds, and are in no image",
    "```",
    "",
    "Several buildpacks run in order: each finds what the earlier ones installed and built, the image holds all of it, and the last one",
    "says how the app starts. Where pushboat.yml names none, `buildpacks` of app.json do, by Heroku's names (`heroku/nodejs`) or addresses.",
    "",
    "Caches belong to one app; those of its branches are apart from production's.",
    "",
  ].join("\n");
}

function section({ id, name, looksFor, facts }: Buildpack): readonly string[] {
  return [
    "",
    `## ${name} (\`${id}\`)`,
    "",
    `- Looks for: ${looksFor}.`,
    `- Versions: ${facts.versions}`,
    `- Dependencies: ${facts.dependencies}`,
    `- The second time: ${facts.reuse}`,
    `- Starts: ${facts.start}`,
    `- In the image: ${facts.image}`,
  ];
}
