/** The one place that runs git: objects of one repository through a single `git cat-file --batch`, as the git user. */
import { spawn } from "node:child_process";
import { PushboatError } from "../core/index.ts";

export interface GitUser {
  readonly uid: number;
  readonly gid: number;
}

export interface ObjectHeader {
  readonly id: string;
  readonly type: "blob" | "tree" | "commit" | "tag";
  readonly sizeBytes: number;
}

/** Called in order: header, chunks, end. Throwing ends the whole reader. */
export interface ObjectSink {
  header(header: ObjectHeader): void;
  chunk(bytes: Buffer): void;
  end(): void;
  /** The reader ends before the object does. */
  abandon?(): void;
}

export interface GitObjects {
  /** A whole object in memory: trees and small texts. null where there is none. */
  read(name: string): Promise<{ readonly header: ObjectHeader; readonly body: Buffer } | null>;
  /** An object of any size, chunk by chunk. false where there is none. */
  stream(name: string, sink: ObjectSink): Promise<boolean>;
  close(): void;
}

interface Waiting {
  readonly sink: ObjectSink;
  readonly resolve: (found: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export function openGitObjects(repository: string, user: GitUser, signal?: AbortSignal): GitObjects {
  const child = spawn("git", ["--git-dir", repository, "cat-file", "--batch"], {
    uid: user.uid,
    gid: user.gid,
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: "/nonexistent", LC_ALL: "C", GIT_CONFIG_NOSYSTEM: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const waiting: Waiting[] = [];
  let failure: unknown = null;
  let complaint = "";
  const fail = (error: unknown): void => {
    failure ??= error;
    child.kill("SIGKILL");
    for (const { sink, reject } of waiting.splice(0)) {
      sink.abandon?.();
      reject(failure);
    }
  };
  const parser = createBatchParser(waiting);

  child.stdout.on("data", (bytes: Buffer) => {
    if (failure !== null) return;
    try {
      parser(bytes);
    } catch (error) {
      fail(error);
    }
  });
  child.stderr.on("data", (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-2000);
  });
  child.stdin.on("error", () => {});
  child.on("error", fail);
  child.on("close", () => fail(unreadable(repository, complaint)));
  const onAbort = (): void => fail(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();

  const stream = (name: string, sink: ObjectSink): Promise<boolean> =>
    new Promise((resolve, reject) => {
      if (failure !== null) return reject(failure);
      waiting.push({ sink, resolve, reject });
      child.stdin.write(`${name}\n`);
    });

  return {
    stream,
    async read(name) {
      const chunks: Buffer[] = [];
      const seen: { header: ObjectHeader | null } = { header: null };
      const found = await stream(name, {
        header: (header) => {
          seen.header = header;
        },
        chunk: (bytes) => chunks.push(bytes),
        end: () => {},
      });
      return found && seen.header !== null ? { header: seen.header, body: Buffer.concat(chunks) } : null;
    },
    close() {
      signal?.removeEventListener("abort", onAbort);
      child.kill("SIGKILL");
    },
  };
}

/** Output of --batch: `ID SP TYPE SP SIZE LF`, that many bytes, LF; or `NAME SP missing LF`. Answers come in the order of the questions. */
function createBatchParser(waiting: Waiting[]): (bytes: Buffer) => void {
  let head: Buffer = Buffer.alloc(0);
  let left = -1;

  return (bytes) => {
    let offset = 0;
    while (offset < bytes.length) {
      const current = waiting[0];
      if (current === undefined) throw new Error("git cat-file answered more than it was asked");
      if (left < 0) {
        const newline = bytes.indexOf(10, offset);
        const end = newline < 0 ? bytes.length : newline;
        head = head.length === 0 ? bytes.subarray(offset, end) : Buffer.concat([head, bytes.subarray(offset, end)]);
        offset = end + 1;
        if (newline < 0) {
          head = Buffer.from(head);
          return;
        }
        const header = parseHeader(head.toString("latin1"));
        head = Buffer.alloc(0);
        if (header === null) {
          waiting.shift();
          current.resolve(false);
          continue;
        }
        current.sink.header(header);
        left = header.sizeBytes;
        continue;
      }
      if (left > 0) {
        const chunk = bytes.subarray(offset, offset + left);
        current.sink.chunk(chunk);
        left -= chunk.length;
        offset += chunk.length;
        continue;
      }
      // The newline behind the content.
      offset++;
      left = -1;
      current.sink.end();
      waiting.shift();
      current.resolve(true);
    }
  };
}

function parseHeader(line: string): ObjectHeader | null {
  const match = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) ([0-9]+)$/.exec(line);
  if (match === null) {
    if (/ (?:missing|ambiguous)$/.test(line)) return null;
    throw new Error(`git cat-file said ${JSON.stringify(line.slice(0, 200))}`);
  }
  return { id: match[1] ?? "", type: match[2] as ObjectHeader["type"], sizeBytes: Number(match[3]) };
}

function unreadable(repository: string, complaint: string): PushboatError {
  return new PushboatError({
    code: "build/repository",
    message: `git cannot read ${repository}: ${complaint.trim().split("\n").at(-1) || "it ended early"}`,
    hint: "Push again; where that fails too, look at the repository with `git fsck` on the server.",
    kind: "platform",
  });
}
