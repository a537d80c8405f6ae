/** A repository on the user's machine, made from a fixture app or from files, with the platform as its remote `pushboat`. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Client } from "./client.ts";
import type { CommandOptions, CommandResult } from "./command.ts";
import { fixtureApp } from "./fixture-apps.ts";

/** Path -> content. */
export type Files = Readonly<Record<string, string>>;

export interface WorkingCopy {
  /** Name of the app that is pushed to. */
  readonly app: string;
  readonly directory: string;
  /** Host name of production; of a branch: `${slug}--${app}.localhost`. */
  readonly host: string;
  readonly remoteUrl: string;
  write(path: string, content: string): void;
  /** git in the working copy, as the client. */
  git(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Adds everything and commits; answers the commit id. */
  commit(message?: string): Promise<string>;
  /** Commits what changed, then pushes HEAD to the branch of the platform (default: main). */
  push(branch?: string, options?: CommandOptions & { readonly gitOptions?: readonly string[] }): Promise<CommandResult>;
  /** The same, and throws what the pusher saw unless it went live. */
  mustPush(branch?: string): Promise<CommandResult>;
}

export interface WorkingCopyRequest {
  readonly client: Client;
  readonly app: string;
  readonly directory: string;
  readonly remoteUrl: string;
  readonly domain: string;
  /** Name of a fixture app, or files. */
  readonly content: string | Files;
}

export async function givenWorkingCopy(request: WorkingCopyRequest): Promise<WorkingCopy> {
  const { client, app, directory, remoteUrl } = request;
  mkdirSync(directory, { recursive: true });
  fill(directory, request.content);
  const git = (argv: readonly string[], options: CommandOptions = {}) => client.git(argv, { cwd: directory, ...options });
  const must = async (argv: readonly string[]): Promise<string> => {
    const result = await git(argv);
    if (result.code !== 0) throw new Error(`git ${argv.join(" ")} ended with ${result.code}:\n${result.output}`);
    return result.stdout.trim();
  };
  const commit = async (message = "Change"): Promise<string> => {
    await must(["add", "--all"]);
    const unchanged =
      (await git(["diff", "--cached", "--quiet"])).code === 0 && (await git(["rev-parse", "-q", "--verify", "HEAD"])).code === 0;
    if (!unchanged) await must(["commit", "-q", "--allow-empty", "-m", message]);
    return must(["rev-parse", "HEAD"]);
  };
  await must(["init", "-q", "-b", "main"]);
  await must(["remote", "add", "pushboat", remoteUrl]);
  await commit("First");
  const push: WorkingCopy["push"] = async (branch = "main", options = {}) => {
    await commit();
    return git(["push", ...(options.gitOptions ?? []), "pushboat", `HEAD:refs/heads/${branch}`], options);
  };
  return {
    app,
    directory,
    host: `${app}.${request.domain}`,
    remoteUrl,
    git,
    commit,
    write: (path, content) => writeInto(directory, path, content),
    push,
    mustPush: async (branch) => {
      const pushed = await push(branch);
      if (pushed.code !== 0)
        throw new Error(`the push of ${app} ended with ${pushed.code}:
${pushed.output}`);
      return pushed;
    },
  };
}

function fill(directory: string, content: string | Files): void {
  if (typeof content === "string") {
    cpSync(fixtureApp(content).directory, directory, { recursive: true, verbatimSymlinks: true });
    rmSync(join(directory, "expectation.json"), { force: true });
    return;
  }
  for (const [path, text] of Object.entries(content)) writeInto(directory, path, text);
}

function writeInto(directory: string, path: string, text: string): void {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
