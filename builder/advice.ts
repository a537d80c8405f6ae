/** What a reader of the usual failures of a build step would say, as data. */

export interface Advice {
  readonly text: string;
  /** The lines that tell more than the last ones; null: the last ones do. */
  readonly lines: readonly string[] | null;
}

interface Known {
  readonly shows: RegExp;
  readonly says: string;
  /** Where a tool ends with a page of usage, its own lines are above it. */
  readonly telling?: RegExp;
}

const KNOWN: readonly Known[] = [
  {
    shows: /npm (?:error|ERR!).*(?:lock file|package-lock\.json).*sync|can only install packages when your package\.json and package-lock/i,
    says: "package.json and package-lock.json do not agree: run `npm install`, commit both files, and push again.",
    telling: /npm (?:error|ERR!) (?:Invalid|Missing):/,
  },
  {
    shows:
      /Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`|The lockfile would have been (?:modified|created) by this install/,
    says: "package.json and yarn.lock do not agree: run `yarn install`, commit both files, and push again.",
  },
  {
    shows: /ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_LOCKFILE_CONFIG_MISMATCH/,
    says: "package.json and pnpm-lock.yaml do not agree: run `pnpm install`, commit both files, and push again.",
  },
  {
    shows: /The engine "node" is incompatible with this module|ERR_PNPM_UNSUPPORTED_ENGINE|npm (?:error|ERR!) code EBADENGINE/,
    says: "A package is not for this Node version: write one that it is for into engines.node of package.json, commit and push again.",
  },
  {
    shows: /JavaScript heap out of memory/,
    says: "Node's own limit of memory was reached: put  NODE_OPTIONS=--max-old-space-size=4096  before the command of the build script, or make the build smaller.",
    telling: /FATAL ERROR|heap out of memory/,
  },
  {
    shows: /gyp ERR!|node-gyp/,
    says: "A package compiles C++ code, and that failed: choose a version of it that ships binaries for this Node version, or add the Debian packages it needs to build.apt in pushboat.yml.",
  },
  {
    shows: /(?:spawn|sh: \d+:|syscall spawn) git|git: not found|ENOENT.*\bgit\b/,
    says: "A dependency is fetched with git, which this build does not have: commit a lockfile that says where it comes from, or depend on a published version of it.",
  },
  {
    shows: /^\s*KeyError: '[A-Z][A-Z0-9_]+'|ImproperlyConfigured/m,
    says: "A build sees no config but what pushboat.yml names: build: {env: [SECRET_KEY]} shows it SECRET_KEY; or let the settings have a default for the build.",
    telling: /KeyError: |ImproperlyConfigured/,
  },
  {
    shows: /sh: \d+: \S+: not found/,
    says: "A command of the build is not there: is its package among the dependencies of package.json, and in the lockfile? A Debian package goes into build.apt of pushboat.yml.",
  },
];

const GENERAL: Advice = { text: "Mend what the last lines say, commit and push again; the whole output is above.", lines: null };

export function adviceFor(lastLines: readonly string[]): Advice {
  const text = lastLines.join("\n");
  const known = KNOWN.find(({ shows }) => shows.test(text));
  if (known === undefined) return GENERAL;
  const telling = lastLines.filter((line) => known.telling?.test(line));
  return { text: known.says, lines: telling.length === 0 ? null : telling };
}
