/**
 * An image as buildah and skopeo write it into a directory (containers/image's `dir:`): manifest.json, and each blob in a file
 * named by its digest, layers not compressed, so that a layer's digest is its diff id. A build wrote it: nothing in it is
 * believed before it was looked at, and no link is followed.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { PushboatError } from "../../core/index.ts";
import { type ImageDocument, readDocument, readManifest } from "./documents.ts";

export interface ImageDirectory {
  readonly document: ImageDocument;
  /** Of each layer, lowest first; its tar is in the file of that name. */
  readonly diffIds: readonly string[];
}

const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

export async function readImageDirectory(directory: string): Promise<ImageDirectory> {
  const manifest = readManifest(await readJsonFile(join(directory, "manifest.json")));
  const config = await readText(blobPath(directory, manifest.config.digest));
  if (digestOf(config) !== manifest.config.digest) throw notAsSaid("its config");
  const document = readDocument(parse(config));
  const diffIds = manifest.layers.map(({ digest }) => digest);
  if (diffIds.join() !== document.rootfs.diff_ids.join()) throw notAsSaid("its list of layers");
  return { document, diffIds };
}

export function blobPath(directory: string, digest: string): string {
  return join(directory, digest.slice("sha256:".length));
}

/** Reads all of it once: what is unpacked afterwards is what its name says. */
export async function verifyBlob(directory: string, digest: string, signal: AbortSignal): Promise<void> {
  const file = await openRegular(blobPath(directory, digest));
  const hash = createHash("sha256");
  try {
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024, signal })) hash.update(chunk as Buffer);
  } finally {
    await file.close();
  }
  if (`sha256:${hash.digest("hex")}` !== digest) throw notAsSaid("a layer");
}

async function readJsonFile(path: string): Promise<unknown> {
  return parse(await readText(path));
}

async function readText(path: string): Promise<string> {
  const file = await openRegular(path);
  try {
    if ((await file.stat()).size > MAX_DOCUMENT_BYTES) throw notAsSaid("a document of more than 4 MB");
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function openRegular(path: string) {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw notAsSaid("a missing file", cause);
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notAsSaid("something that is no file");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notAsSaid("a document that is no JSON", cause);
  }
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

function notAsSaid(what: string, cause?: unknown): PushboatError {
  return new PushboatError({
    code: "image/damaged",
    message: `The image cannot be taken: ${what} is not what its digest says`,
    hint: "Build or fetch it again.",
    cause,
  });
}
