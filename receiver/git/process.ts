/** The one file that starts git: as the git user, in a process group of its own, with a bare environment. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { PushboatError } from "../../core/index.ts";

export interface GitUser {
  readonly uid: number;
  readonly gid: number;
}

export interface GitSpawn {
  readonly gitUser: GitUser;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Time to remove the quarantine directory and locks before KILL. */
const KILL_AFTER_MS = 2000;

export function spawnGit({ gitUser, args, env }: GitSpawn): ChildProcessWithoutNullStreams {
  const child = spawn("git", args, { uid: gitUser.uid, gid: gitUser.gid, env, cwd: "/", detached: true, stdio: "pipe" });
  // Writes to a child that has gone are not news: its exit is.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on("error", () => {});
  return child;
}

/** Ends a child with all that it started (index-pack, hooks, pack-objects). */
export function endGroup(child: ChildProcessWithoutNullStreams): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(pid, "SIGTERM");
  const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), KILL_AFTER_MS);
  child.once("close", () => clearTimeout(timer));
}

/** Exit code of a child after its output was read; 128 + n for a death by signal n is not told apart: 1. */
export function closed(child: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) =>
      reject(new PushboatError({ code: "git/spawn", message: "git could not be started", kind: "platform", cause: error })),
    );
    child.once("close", (code) => resolve(code ?? 1));
  });
}

export interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A short command to its end. */
export async function runGit(command: GitSpawn & { readonly input?: string }): Promise<GitResult> {
  const child = spawnGit(command);
  const exit = closed(child);
  child.stdin.end(command.input ?? "");
  const [code, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** Like runGit, and a failure is ours. */
export async function mustRunGit(command: GitSpawn & { readonly input?: string }): Promise<string> {
  const { code, stdout, stderr } = await runGit(command);
  if (code === 0) return stdout;
  throw new PushboatError({
    code: "git/failed",
    message: `git ${command.args.slice(0, 4).join(" ")} failed with ${code}: ${stderr.trim().slice(0, 500)}`,
    kind: "platform",
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has gone by itself.
  }
}
