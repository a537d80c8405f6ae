/** Bare repositories below the data directory, each owned by the git user. */
import { chmod, chown, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type AppName,
  type CommitId,
  PushboatError,
  parseAppName,
  parseBranchName,
  parseCommitId,
  type Repositories,
  type Settings,
} from "../core/index.ts";
import { gitEnvironment } from "./git/environment.ts";
import { type GitUser, mustRunGit, runGit } from "./git/process.ts";

export interface RepositoriesDependencies {
  readonly settings: Pick<Settings, "dataDirectory">;
  readonly gitUser: GitUser;
}

export function createRepositories({ settings, gitUser }: RepositoriesDependencies): Repositories {
  const root = join(settings.dataDirectory, "repositories");
  const env = gitEnvironment({ "safe.bareRepository": "all" });
  // Parsed again: a name that was only cast must not become a path either.
  const path = (app: AppName): string => join(root, `${parseAppName(app)}.git`);
  const exists = async (app: AppName): Promise<boolean> => (await stat(path(app)).catch(() => null))?.isDirectory() ?? false;
  const git = (app: AppName, ...args: string[]): Promise<string> => mustRunGit({ gitUser, env, args: ["-C", path(app), ...args] });

  return {
    path,
    exists,
    ensure: async (app) => {
      if (await exists(app)) return;
      await mkdir(root, { recursive: true, mode: 0o711 });
      await chmod(root, 0o711);
      const fresh = await mkdtemp(join(root, ".new-"));
      try {
        await chown(fresh, gitUser.uid, gitUser.gid);
        await mustRunGit({ gitUser, env, args: ["init", "--bare", "--quiet", "--template=", "--initial-branch=main", fresh] });
        await rename(fresh, path(app));
      } catch (error) {
        await rm(fresh, { recursive: true, force: true });
        // Somebody else was quicker.
        if (!(await exists(app))) throw error;
      }
    },
    remove: async (app) => {
      if (!(await exists(app))) return;
      // Away in one step, so that no push finds half a repository.
      const old = await mkdtemp(join(root, ".old-"));
      await rename(path(app), join(old, "repository"));
      await rm(old, { recursive: true, force: true });
    },
    head: async (app, branch) => {
      const shown = await runGit({ gitUser, env, args: ["-C", path(app), "show-ref", "--verify", "--hash", headRef(branch)] });
      return shown.code === 0 ? parseCommitId(shown.stdout.trim()) : null;
    },
    files: async (app, commit, paths) => {
      const input = paths.map((file) => `${checked(commit)}:${file}\n`).join("");
      const batch = await runGit({ gitUser, env, args: ["-C", path(app), "cat-file", "--batch"], input });
      return readBatch(batch.stdout, paths);
    },
    resolve: async (app, word) => {
      if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/.test(word) || !(await exists(app))) return null;
      const parsed = await runGit({ gitUser, env, args: ["-C", path(app), "rev-parse", "--verify", "--quiet", `${word}^{commit}`] });
      return parsed.code === 0 ? parseCommitId(parsed.stdout.trim()) : null;
    },
    commitsBetween: async (app, from, to, limit) => {
      const lines = await git(app, "log", `--max-count=${limit}`, "--format=%h %s", `${checked(from)}..${checked(to)}`);
      return lines.split("\n").filter((line) => line !== "");
    },
    setHead: async (app, branch, commit) => {
      await git(app, "update-ref", headRef(branch), checked(commit));
    },
    deleteHead: async (app, branch) => {
      await git(app, "update-ref", "-d", headRef(branch));
    },
    setDefaultBranch: async (app, branch) => {
      await git(app, "symbolic-ref", "HEAD", headRef(branch));
    },
    pin: async (app, key, commit) => {
      const ref = `refs/pushboat/releases/${checkedKey(key)}`;
      await (commit === null ? git(app, "update-ref", "-d", ref) : git(app, "update-ref", ref, checked(commit)));
    },
  };
}

/** `<id> <type> <size>\n<content>\n` for each, or `<name> missing\n` (git-cat-file(1), BATCH OUTPUT). */
function readBatch(text: string, paths: readonly string[]): Readonly<Record<string, string | null>> {
  const bytes = Buffer.from(text, "utf8");
  const files: Record<string, string | null> = {};
  let offset = 0;
  for (const path of paths) {
    const end = bytes.indexOf("\n", offset);
    const [, type, size] = bytes.toString("utf8", offset, end).split(" ");
    offset = end + 1;
    files[path] = null;
    if (size === undefined || !/^\d+$/.test(size)) continue;
    if (type === "blob") files[path] = bytes.toString("utf8", offset, offset + Number(size));
    offset += Number(size) + 1;
  }
  return files;
}

function headRef(branch: string): string {
  return `refs/heads/${parseBranchName(branch)}`;
}

function checked(commit: CommitId): string {
  return parseCommitId(commit);
}

/** Keys are ours (release or deployment numbers, environment names): a wrong one is our own mistake. */
function checkedKey(key: string): string {
  try {
    return parseBranchName(key);
  } catch (cause) {
    throw new PushboatError({
      code: "repository/pin",
      message: `${JSON.stringify(key)} cannot name a pinned commit`,
      kind: "platform",
      cause,
    });
  }
}
