/**
 * Pushes from shallow clones. receive-pack records the commits without parents only for refs that it moves itself, and with
 * proc-receive it ends in `BUG: connectivity check skipped` (2.39.5, warn_if_skipped_connectivity_check). So the daemon takes the
 * client's `shallow` lines out of its stream and records them before git starts to read: git then sees a push like any other into
 * a shallow repository, with its own connectivity check.
 */
import { chown, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AppName } from "../../core/index.ts";
import { gitEnvironment } from "./environment.ts";
import { type GitUser, mustRunGit } from "./process.ts";

export interface ShallowCommits {
  /** Answers what to call when git has ended: forgets the commits that did not come. */
  declare(app: AppName, commits: readonly string[]): Promise<() => Promise<void>>;
}

export interface ShallowDependencies {
  readonly gitUser: GitUser;
  readonly path: (app: AppName) => string;
}

export function createShallowCommits({ gitUser, path }: ShallowDependencies): ShallowCommits {
  const turns = new Map<AppName, Promise<unknown>>();
  const underway = new Map<AppName, Set<readonly string[]>>();
  // One after another for each repository: the file is read, changed and replaced.
  const inTurn = <T>(app: AppName, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(app) ?? Promise.resolve()).catch(() => {}).then(work);
    turns.set(app, turn);
    return turn;
  };
  const awaited = (app: AppName): ReadonlySet<string> => new Set([...(underway.get(app) ?? [])].flat());

  const forget = async (app: AppName, commits: readonly string[]): Promise<void> => {
    underway.get(app)?.delete(commits);
    const others = awaited(app);
    const missing = await missingObjects(gitUser, path(app), commits);
    await rewrite(gitUser, path(app), (known) => known.filter((commit) => !missing.has(commit) || others.has(commit)));
  };
  return {
    declare: (app, commits) =>
      inTurn(app, async () => {
        // What is here already is here with its history.
        const missing = [...(await missingObjects(gitUser, path(app), commits))];
        if (missing.length === 0) return async () => {};
        underway.set(app, (underway.get(app) ?? new Set()).add(missing));
        await rewrite(gitUser, path(app), (known) => [...known, ...missing]);
        return () => inTurn(app, () => forget(app, missing));
      }),
  };
}

const LINE = /^([0-9a-f]{4})shallow ([0-9a-f]{40}|[0-9a-f]{64})\n?$/;
const MAX_LINE_BYTES = 4 + "shallow ".length + 64 + 1;
const MAX_SHALLOW_BYTES = 8 * 1024 * 1024;

export interface ShallowPrefix {
  readonly commits: readonly string[];
  /** Bytes that they take. */
  readonly length: number;
}

/** The `shallow` lines that a client sends in front of its commands; null: more bytes are needed to tell. */
export function readShallowPrefix(bytes: Buffer): ShallowPrefix | null {
  const commits: string[] = [];
  let at = 0;
  while (at < MAX_SHALLOW_BYTES) {
    const digits = bytes.toString("latin1", at, at + 4);
    if (digits.length < 4) return null;
    const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : 0;
    if (length > MAX_LINE_BYTES || length <= 4) break;
    if (bytes.length < at + length) return null;
    const match = LINE.exec(bytes.toString("latin1", at, at + length));
    if (match === null) break;
    commits.push(match[2] as string);
    at += length;
  }
  return { commits, length: at };
}

async function missingObjects(gitUser: GitUser, repository: string, commits: readonly string[]): Promise<ReadonlySet<string>> {
  const args = ["-C", repository, "cat-file", "--batch-check"];
  const seen = await mustRunGit({ gitUser, args, env: gitEnvironment(), input: `${commits.join("\n")}\n` });
  return new Set([...seen.matchAll(/^([0-9a-f]+) missing$/gm)].map((match) => match[1] as string));
}

async function rewrite(gitUser: GitUser, repository: string, change: (known: readonly string[]) => readonly string[]): Promise<void> {
  const file = join(repository, "shallow");
  const known = (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
  const commits = [...new Set(change(known))].sort();
  if (commits.length === 0) return rm(file, { force: true });
  const fresh = `${file}.new`;
  // wx: never through a link that stands there.
  await rm(fresh, { force: true });
  await writeFile(fresh, `${commits.join("\n")}\n`, { flag: "wx", mode: 0o644 });
  await chown(fresh, gitUser.uid, gitUser.gid);
  await rename(fresh, file);
}
