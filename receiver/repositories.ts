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
