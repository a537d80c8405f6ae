/** The floor of a push: a working copy, a bare repository, and the least SSH server between them. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface FloorPush {
  /** Working copy whose remote `floor` is the bare repository. */
  readonly workingCopy: string;
  /** Milliseconds that `git push` took. */
  push(): Promise<number>;
  close(): void;
}

/** seed: a directory that becomes the first commit. */
export async function createFloorPush(directory: string, seed: string): Promise<FloorPush> {
  mkdirSync(directory, { recursive: true });
  const workingCopy = join(directory, "working-copy");
  const bare = join(directory, "bare.git");
  const hostKey = join(directory, "host-key");
  const clientKey = join(directory, "client-key");
  for (const key of [hostKey, clientKey]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  execFileSync("git", ["init", "-q", "--bare", bare]);
  makeRepository(seed, workingCopy);
  const { server, port } = await startServer(bare, hostKey);
  const env = { ...process.env, GIT_SSH_COMMAND: sshCommand(clientKey, port) };
  execFileSync("git", ["remote", "add", "floor", `ssh://git@127.0.0.1:${port}/bare.git`], { cwd: workingCopy });
  return {
    workingCopy,
    push: () => timed("git", ["push", "-q", "floor", "main"], workingCopy, env),
    close: () => void server.kill("SIGKILL"),
  };
}

/** A git repository with everything of a directory as its first commit on main. */
export function makeRepository(seed: string, workingCopy: string): void {
  cpSync(seed, workingCopy, { recursive: true });
  const git = (...argv: string[]) => execFileSync("git", argv, { cwd: workingCopy });
  git("init", "-q", "-b", "main");
  git("config", "user.name", "bench");
  git("config", "user.email", "bench@localhost");
  git("config", "gc.auto", "0");
  git("add", "-A");
  git("commit", "-q", "-m", "first");
}

/** Writes one file and commits it: the code-only change. */
export function commitFile(workingCopy: string, file: string, content: string): void {
  writeFileSync(join(workingCopy, file), content);
  execFileSync("git", ["commit", "-q", "-a", "-m", content.slice(0, 50)], { cwd: workingCopy });
}

export function sshCommand(key: string, port: number): string {
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR"];
  return ["ssh", "-F", "/dev/null", "-i", key, "-p", String(port), ...options.map((option) => `-o ${option}`)].join(" ");
}

/** Runs a program to its end and answers how long that took. */
export function timed(program: string, argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<number> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(performance.now() - startMs);
      else reject(new Error(`${program} ${argv.join(" ")} exited with ${code}:\n${Buffer.concat(output).toString()}`));
    });
  });
}

async function startServer(bare: string, hostKey: string): Promise<{ server: ChildProcess; port: number }> {
  const script = join(import.meta.dirname, "ssh-git-server.ts");
  const server = spawn(process.execPath, [script, bare, hostKey], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) return { server, port: Number(line) };
  throw new Error("the floor's SSH server did not start");
}
