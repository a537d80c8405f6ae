/** Writes changes of a commit into a new layer directory, below `app/`. Blobs are streamed; nothing of ours follows a link. */
import {
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { APP_GID, APP_UID, PushboatError, quote } from "../core/index.ts";
import type { GitObjects, ObjectHeader, ObjectSink } from "./git-objects.ts";
import { type BytePath, readable, type TreeEntry } from "./tree.ts";
import type { Change } from "./tree-changes.ts";
import type { Whiteouts } from "./whiteout.ts";

export interface LayerFilesSpec {
  readonly git: GitObjects;
  readonly whiteouts: Whiteouts;
  /** Absolute; exists and is empty. */
  readonly directory: string;
  readonly maxFileBytes: number;
}

export interface WrittenFiles {
  readonly files: number;
  readonly sizeBytes: number;
}

interface Counted {
  files: number;
  sizeBytes: number;
}

const DIRECTORY_MODE = 0o755;
/** 2000-01-01 in seconds. Content-derived times lie within the 20 years after it, so that none is in the future. */
const EPOCH_SECONDS = 946_684_800;
const SPAN_SECONDS = 20 * 365 * 24 * 3600;

/** Writes are asked for at once (one git process answers in order), so that nothing waits for a round trip. */
export async function writeLayerFiles(spec: LayerFilesSpec, changes: readonly Change[]): Promise<WrittenFiles> {
  const directories = new Set<BytePath>();
  const written = { files: 0, sizeBytes: 0 };
  makeDirectory(spec, directories, "");
  await Promise.all(changes.map((change) => apply(spec, change, directories, written)));
  for (const path of directories) utimesSync(target(spec, path), EPOCH_SECONDS, EPOCH_SECONDS);
  return written;
}

async function apply(spec: LayerFilesSpec, change: Change, directories: Set<BytePath>, written: Counted): Promise<void> {
  try {
    makeDirectory(spec, directories, change.kind === "directory" ? change.path : parentOf(change.path));
    if (change.kind === "hide") spec.whiteouts.place(target(spec, change.path));
  } catch (error) {
    throw unwritable(change.path, error);
  }
  if (change.kind !== "put") return;
  const found = await spec.git.stream(change.entry.id, sinkFor(spec, change.path, change.entry, written));
  if (!found) throw missing(change.path);
}

/** The same content has the same time, another content (almost surely) another one: ETags of size and time stay true. */
export function contentTime(id: string): number {
  return EPOCH_SECONDS + (Number.parseInt(id.slice(0, 12), 16) % SPAN_SECONDS);
}

function target(spec: LayerFilesSpec, path: BytePath): Buffer {
  return Buffer.concat([Buffer.from(path === "" ? `${spec.directory}/app` : `${spec.directory}/app/`), Buffer.from(path, "latin1")]);
}

function parentOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function makeDirectory(spec: LayerFilesSpec, made: Set<BytePath>, path: BytePath): void {
  if (made.has(path)) return;
  if (path !== "") makeDirectory(spec, made, parentOf(path));
  mkdirSync(target(spec, path), DIRECTORY_MODE);
  chownSync(target(spec, path), APP_UID, APP_GID);
  made.add(path);
}

function sinkFor(spec: LayerFilesSpec, path: BytePath, entry: TreeEntry, written: Counted): ObjectSink {
  const sink = entry.kind === "link" ? linkSink(target(spec, path), entry) : fileSink(target(spec, path), entry);
  const header = (found: ObjectHeader): void => {
    if (found.sizeBytes > spec.maxFileBytes) throw tooLarge(path, found.sizeBytes, spec.maxFileBytes);
    written.files++;
    written.sizeBytes += found.sizeBytes;
    sink.header(found);
  };
  return guarded(path, { ...sink, header });
}

function fileSink(path: Buffer, entry: TreeEntry): ObjectSink {
  let file = -1;
  return {
    header() {
      file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    },
    chunk(bytes) {
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset);
    },
    end() {
      fchownSync(file, APP_UID, APP_GID);
      fchmodSync(file, entry.kind === "executable" ? 0o755 : 0o644);
      const seconds = contentTime(entry.id);
      futimesSync(file, seconds, seconds);
      closeSync(file);
      file = -1;
    },
    abandon() {
      if (file >= 0) closeSync(file);
    },
  };
}

function linkSink(path: Buffer, entry: TreeEntry): ObjectSink {
  const chunks: Buffer[] = [];
  return {
    header() {},
    chunk: (bytes) => chunks.push(Buffer.from(bytes)),
    end() {
      symlinkSync(Buffer.concat(chunks), path);
      lchownSync(path, APP_UID, APP_GID);
      const seconds = contentTime(entry.id);
      lutimesSync(path, seconds, seconds);
    },
  };
}

function guarded(path: BytePath, sink: ObjectSink): ObjectSink {
  const guard =
    <A extends unknown[]>(action: (...args: A) => void) =>
    (...args: A): void => {
      try {
        action(...args);
      } catch (error) {
        throw unwritable(path, error);
      }
    };
  return { ...sink, header: guard(sink.header), chunk: guard(sink.chunk), end: guard(sink.end) };
}

function missing(path: BytePath): PushboatError {
  return new PushboatError({
    code: "build/repository",
    message: `git has no content for ${quote(readable(path))}`,
    hint: "Push again.",
    kind: "platform",
  });
}

function tooLarge(path: BytePath, sizeBytes: number, maxBytes: number): PushboatError {
  const mb = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
  return new PushboatError({
    code: "build/file-too-large",
    message: `${quote(readable(path))} has ${mb(sizeBytes)}; a file in an app may have ${mb(maxBytes)}`,
    hint: "Take it out of the repository (git rm --cached), or fetch it in a build step or into a volume.",
  });
}

function unwritable(path: BytePath, error: unknown): unknown {
  if (error instanceof PushboatError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const user = code === "ENAMETOOLONG" || code === "ERR_INVALID_ARG_VALUE";
  return new PushboatError({
    code: "build/path",
    message: `${quote(readable(path))} cannot be written: ${error instanceof Error ? error.message.split(",")[0] : String(error)}`,
    hint: user ? "Give it a shorter or plainer name, and push again." : "Look at the free space and the health of the disk.",
    kind: user ? "user" : "platform",
    cause: error,
  });
}
