/**
 * Shallow pushes. git itself records the commits without parents only for refs that it moves (update_shallow_ref in
 * receive-pack.c), and here proc-receive moves them: so the daemon writes the repository's `shallow` file, after the
 * connectivity check that git leaves to that place.
 */
import { chown, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AppName, PushboatError, type RefUpdate } from "../../core/index.ts";
import { gitEnvironment } from "./environment.ts";
import { PacketParser } from "./pkt-line.ts";
import { type GitUser, mustRunGit, runGit } from "./process.ts";

export interface ShallowRoots {
  /** Throws a PushboatError where the pushed commits are not complete. */
  accept(app: AppName, declared: ReadonlySet<string>, updates: readonly RefUpdate[]): Promise<void>;
}

export interface ShallowDependencies {
  readonly gitUser: GitUser;
  readonly path: (app: AppName) => string;
}

export function createShallowRoots({ gitUser, path }: ShallowDependencies): ShallowRoots {
  const turns = new Map<AppName, Promise<void>>();
  return {
    accept: (app, declared, updates) => {
      const tips = updates.flatMap(({ newCommit }) => newCommit ?? []);
      if (declared.size === 0 || tips.length === 0) return Promise.resolve();
      // One after another for each repository: the file is read, extended and replaced.
      const turn = (turns.get(app) ?? Promise.resolve())
        .catch(() => {})
        .then(() => extend({ gitUser, repository: path(app), declared, tips }));
      turns.set(app, turn);
      return turn;
    },
  };
}

/** The shallow commits that a client declares in front of its commands; reads from the stream's first bytes only. */
export function createShallowReader(found: Set<string>): (chunk: Buffer) => "more" | "done" {
  const parser = new PacketParser();
  return (chunk) => {
    try {
      for (const packet of parser.push(chunk.subarray(0, MAX_SNIFFED_BYTES))) {
        const commit = packet.kind === "data" ? /^shallow ([0-9a-f]{40,64})\n?$/.exec(packet.payload.toString("latin1")) : null;
        if (commit === null || found.size >= MAX_SHALLOW_COMMITS) return "done";
        found.add(commit[1] as string);
      }
    } catch {
      // Not git's format: git says so itself.
      return "done";
    }
    return "more";
  };
}

const MAX_SNIFFED_BYTES = 65_536;
const MAX_SHALLOW_COMMITS = 100_000;

interface Extension {
  readonly gitUser: GitUser;
  readonly repository: string;
  readonly declared: ReadonlySet<string>;
  readonly tips: readonly string[];
}

async function extend({ gitUser, repository, declared, tips }: Extension): Promise<void> {
  const git = { gitUser, env: gitEnvironment() };
  const roots = await rootsOf(git, repository, [...declared]);
  if (roots.length === 0) return;
  const file = join(repository, "shallow");
  const known = (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
  const fresh = join(repository, `shallow.new-${process.pid}`);
  await rm(fresh, { force: true });
  await writeFile(fresh, `${[...new Set([...known, ...roots])].sort().join("\n")}\n`, { flag: "wx", mode: 0o644 });
  try {
    await chown(fresh, gitUser.uid, gitUser.gid);
    const check = await runGit({
      gitUser,
      args: ["-C", repository, "rev-list", "--objects", "--quiet", "--stdin", "--not", "--all"],
      env: { ...gitEnvironment(), GIT_SHALLOW_FILE: fresh },
      input: `${tips.join("\n")}\n`,
    });
    if (check.code !== 0) throw incomplete(check.stderr);
    await rename(fresh, file);
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Which of the declared commits are here, with a parent that is not. */
async function rootsOf(
  git: { readonly gitUser: GitUser; readonly env: Record<string, string> },
  repository: string,
  declared: readonly string[],
): Promise<readonly string[]> {
  const roots: string[] = [];
  for (const commit of declared) {
    const object = await runGit({ ...git, args: ["-C", repository, "cat-file", "commit", commit] });
    if (object.code !== 0) continue;
    const parents = [...(object.stdout.split("\n\n", 1)[0]?.matchAll(/^parent ([0-9a-f]+)$/gm) ?? [])].map((match) => match[1] as string);
    const seen = await mustRunGit({ ...git, args: ["-C", repository, "cat-file", "--batch-check"], input: `${parents.join("\n")}\n` });
    if (/ missing$/m.test(seen)) roots.push(commit);
  }
  return roots;
}

function incomplete(stderr: string): PushboatError {
  return new PushboatError({
    code: "push/shallow-incomplete",
    message: "The shallow push lacks objects that it needs",
    hint: `Fetch the missing history (git fetch --unshallow) and push again. git says: ${stderr.trim().split("\n")[0] ?? ""}`,
  });
}
