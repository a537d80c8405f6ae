/** What a buildpack may know of a commit: names and a few small texts, as a value. */

export interface SourceEntry {
  readonly type: "file" | "directory" | "link" | "submodule";
  /** Content identity (git object id). */
  readonly id: string;
}

export interface SourceTree {
  /** Content identity of the whole tree (git tree id). */
  readonly id: string;
  /** Path -> entry: everything at the root and in its directories, and one level deeper in PARENT_DIRECTORIES. */
  readonly entries: ReadonlyMap<string, SourceEntry>;
  /** Path -> content of those of READ_FILES, READ_NAMES and LOCK_FILES that are there as regular files. */
  readonly texts: ReadonlyMap<string, string>;
  /** The package of a JavaScript workspace that is the app; everything of the repository is there for it. */
  readonly member?: string;
}

/** Directories at the root that are listed, with their names only: all but these. */
export const UNLISTED_DIRECTORIES: readonly string[] = ["node_modules", "target", ".git", ".venv", "venv", "coverage"];

/** Directories whose own directories are listed too: where monorepos keep their packages, and Go its commands. */
export const PARENT_DIRECTORIES: readonly string[] = ["apps", "cmd", "crates", "libs", "modules", "packages", "services"];

/** Directories that are listed wherever they are seen: Go's commands in a module of a workspace, Rust's in src/. */
export const COMMAND_DIRECTORIES: readonly string[] = ["cmd", "bin"];

/** So many directories are listed at most: a tree of ten thousand directories must not slow a push down. */
export const MAX_LISTED_DIRECTORIES = 300;

/** Files whose text a buildpack may read. */
export const READ_FILES: readonly string[] = [
  ...["Procfile", "Aptfile", ".gitmodules", ".gitattributes"],
  ...["next", "nuxt", "react-router", "svelte", "astro", "vite"].flatMap((name) =>
    [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"].map((ending) => `${name}.config${ending}`),
  ),
  ...["angular.json", ".tool-versions"],
  ...["", "public/", "static/", "dist/"].flatMap((prefix) => [`${prefix}_redirects`, `${prefix}_headers`]),
  "static.json",
  ...["package.json", ".nvmrc", ".node-version", ".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml"],
  ...["requirements.txt", "pyproject.toml", "Pipfile", ".python-version", "runtime.txt"],
  ...["manage.py", "main.py", "app.py", "wsgi.py", "asgi.py", "server.py", "app/main.py", "app/__init__.py", "src/main.py", "api/main.py"],
  ...["go.mod", "go.work"],
  ...["Cargo.toml", "rust-toolchain.toml", "rust-toolchain"],
  ...["pom.xml", "system.properties", ".java-version"],
  ...["Gemfile", "Gemfile.lock", ".ruby-version", "composer.json"],
];

/** Files whose text is read in every listed directory. */
export const READ_NAMES: readonly string[] = ["package.json", "go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts"];

/** Only read up to MAX_TEXT_BYTES, and taken for unknown above: machines write them. */
export const LOCK_FILES: readonly string[] = [
  ...["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"],
  ...["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"],
  ...["composer.lock"],
];

/** What a reader wants to hear of by name when it is why something was built again. */
export const MANIFESTS: readonly string[] = [
  ...LOCK_FILES,
  ...["package.json", "requirements.txt", "pyproject.toml", "Pipfile", "go.mod", "go.sum", "Cargo.toml", "Cargo.lock", "pom.xml"],
  ...["build.gradle", "build.gradle.kts", "Gemfile", "Gemfile.lock", "composer.json"],
];

export function hasFile(source: SourceTree, path: string): boolean {
  return source.entries.get(path)?.type === "file";
}

export function rootNames(source: SourceTree): readonly string[] {
  return [...source.entries]
    .filter(([path]) => !path.includes("/"))
    .map(([path, entry]) => (entry.type === "directory" ? `${path}/` : path));
}

export function hasDirectory(source: SourceTree, path: string): boolean {
  return source.entries.get(path)?.type === "directory";
}
