/** An image as an OCI layout: the form in which other tools take it. Nothing of it is on the way to live. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Image, PushboatError, quote } from "../../core/index.ts";
import { readJson } from "../atomic-file.ts";
import type { Parts } from "../parts.ts";
import { type Blob, CONFIG_TYPE, type Index, imageConfig, LAYOUT, MANIFEST_TYPE, manifest, withTag } from "./documents.ts";
import { archiveLayer, type LayerArchive } from "./layer-archive.ts";

/** One tar for each layer, whatever number of directories it is stored in. Answers the digest of the manifest. */
export async function exportImage(parts: Parts, image: Image, directory: string, tag: string): Promise<{ readonly digest: string }> {
  refuseOther(directory);
  const blobs = join(directory, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const release = parts.leases.hold(image.layers.map(({ id }) => id));
  try {
    const archives: LayerArchive[] = [];
    for (const layer of image.layers) archives.push(await archiveLayer(layer, blobs));
    const config = writeBlob(blobs, CONFIG_TYPE, imageConfig(image, archives, process.arch));
    const entry = writeBlob(blobs, MANIFEST_TYPE, manifest(config, archives));
    const index = withTag(readJson<Index>(join(directory, "index.json")), entry, tag);
    writeFileSync(join(directory, "index.json"), JSON.stringify(index));
    writeFileSync(join(directory, "oci-layout"), LAYOUT);
    return { digest: entry.digest };
  } finally {
    release();
  }
}

function writeBlob(blobs: string, mediaType: string, text: string): Blob {
  const hex = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(blobs, hex), text);
  return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
}

/** A directory with something else in it was meant for something else. */
function refuseOther(directory: string): void {
  if (!existsSync(directory) || readdirSync(directory).length === 0 || existsSync(join(directory, "oci-layout"))) return;
  throw new PushboatError({
    code: "build/export-directory",
    message: `${quote(directory)} holds something that is not an OCI layout`,
    hint: "Give a new or an empty directory.",
  });
}
