/** One layer as a gzipped tar, streamed; both of its digests come out of the same pass. */
import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, createReadStream, createWriteStream, openSync, readFileSync, readlinkSync } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { type Layer, PushboatError, quote } from "../../core/index.ts";
import { type BytePath, readable } from "../tree.ts";
import { type LayerEntry, layerEntries } from "./merged-tree.ts";

export interface LayerArchive {
  /** Of the compressed blob. */
  readonly digest: string;
  /** Of the tar inside: the image config names it. */
  readonly diffId: string;
  readonly sizeBytes: number;
}

/** Speed over size: an export is read once or twice; zlib is most of its time. */
const GZIP_LEVEL = 3;

/** Writes the blob into the directory, named by its digest. */
export async function archiveLayer(layer: Layer, blobs: string): Promise<LayerArchive> {
  const tar = pack();
  const [diff, blob] = [createHash("sha256"), createHash("sha256")];
  const draft = join(blobs, `.${layer.id}.tmp`);
  // zlib writes no time and no name into the header: the same tar gives the same blob.
  const written = pipeline(tar, hashing(diff), createGzip({ level: GZIP_LEVEL }), hashing(blob), createWriteStream(draft));
  await Promise.all([written, addEntries(tar, layer).catch((error: Error) => tar.destroy(error))]);
  const digest = blob.digest("hex");
  const { size } = await stat(draft);
  await rename(draft, join(blobs, digest));
  return { digest: `sha256:${digest}`, diffId: `sha256:${diff.digest("hex")}`, sizeBytes: size };
}

async function addEntries(tar: Pack, layer: Layer): Promise<void> {
  const firstNames = new Map<string, string>();
  for (const entry of await layerEntries(layer)) await addEntry(tar, entry, firstNames);
  tar.finalize();
}

function addEntry(tar: Pack, entry: LayerEntry, firstNames: Map<string, string>): Promise<void> {
  // OCI image-spec, layer.md: "Whiteouts" and "Opaque Whiteout".
  if (entry.kind === "opaque") return add(tar, { name: `${nameOf(entry.path)}/.wh..wh..opq`, ...MARKER });
  if (entry.kind === "whiteout") {
    const name = nameOf(entry.path);
    const parent = dirname(name);
    return add(tar, { name: `${parent === "." ? "" : `${parent}/`}.wh.${name.slice(name.lastIndexOf("/") + 1)}`, ...MARKER });
  }
  return addFile(tar, entry, firstNames);
}

type EntryHeader = Parameters<Pack["entry"]>[0];

const MARKER = { type: "file", size: 0, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) } as const;

async function addFile(tar: Pack, { path, stats, file }: LayerEntry & { kind: "entry" }, firstNames: Map<string, string>): Promise<void> {
  const name = nameOf(path);
  const header = {
    name,
    // With the bits of the type, which tar-stream masks away: it takes a mode of 0 for none and writes 644.
    mode: stats.mode,
    uid: stats.uid,
    gid: stats.gid,
    mtime: new Date(Math.floor(stats.mtimeMs / 1000) * 1000),
  };
  if (stats.isDirectory()) return add(tar, { ...header, name: `${name}/`, type: "directory" });
  if (stats.isSymbolicLink()) return add(tar, { ...header, type: "symlink", linkname: nameOf(readlinkSync(file, "latin1")) });
  if (stats.isFIFO()) return add(tar, { ...header, type: "fifo" });
  if (stats.isCharacterDevice() || stats.isBlockDevice()) {
    const device = { devmajor: (stats.rdev >> 8) & 0xfff, devminor: (stats.rdev & 0xff) | ((stats.rdev >> 12) & 0xfff00) };
    return add(tar, { ...header, ...device, type: stats.isBlockDevice() ? "block-device" : "character-device" });
  }
  // Sockets mean nothing without the process that made them.
  if (!stats.isFile()) return;
  const inode = `${stats.dev}:${stats.ino}`;
  const first = stats.nlink > 1 ? firstNames.get(inode) : undefined;
  if (first !== undefined) return add(tar, { ...header, type: "link", linkname: first });
  if (stats.nlink > 1) firstNames.set(inode, name);
  await addContent(tar, { ...header, type: "file", size: stats.size }, file);
}

function add(tar: Pack, header: EntryHeader, content: Buffer = NOTHING): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, content, (error) => (error ? reject(error) : resolve()));
  });
}

const NOTHING = Buffer.alloc(0);
/** A stream for each of 10,000 small files would cost more than reading them. */
const SMALL_FILE_BYTES = 256 * 1024;

/** Opened without following a link: what is archived is what was listed. */
async function addContent(tar: Pack, header: EntryHeader & { size: number }, path: Buffer): Promise<void> {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  if (header.size <= SMALL_FILE_BYTES) {
    try {
      return await add(tar, header, readFileSync(file));
    } finally {
      closeSync(file);
    }
  }
  await new Promise<void>((resolve, reject) => {
    const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()));
    createReadStream("", { fd: file, highWaterMark: SMALL_FILE_BYTES })
      .on("error", reject)
      .pipe(entry as unknown as NodeJS.WritableStream);
  });
}

function hashing(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

/** tar-stream writes names as UTF-8. */
function nameOf(path: BytePath): string {
  const name = readable(path);
  if (Buffer.from(name).toString("latin1") === path) return name;
  throw new PushboatError({
    code: "build/export-name",
    message: `${quote(name)} cannot be exported: its name is not UTF-8`,
    hint: "Rename the file in the repository and push again.",
  });
}
