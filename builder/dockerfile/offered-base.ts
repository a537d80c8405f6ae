/** Pushboat's own base image for Dockerfiles, under a name that says whose it is: `FROM localhost/pushboat/debian:13`. */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Layer } from "../../core/index.ts";
import { readJson } from "../atomic-file.ts";
import { withHostLock } from "../host-lock.ts";
import { imageDigest } from "../identity.ts";
import { exportImage } from "../oci/export.ts";
import type { Parts } from "../parts.ts";

/** `localhost/` is what buildah calls images of this machine: no registry is ever asked for it. */
export const OFFERED_BASE = "localhost/pushboat/debian:13";

export interface OfferedBase {
  /** An OCI layout with the tag `base`. */
  readonly directory: string;
  /** Of its one layer: an image that stands on it shares the directory that we have. */
  readonly diffId: string;
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Once for a machine. */
export async function ensureOfferedBase(parts: Parts, base: Layer, signal: AbortSignal): Promise<OfferedBase> {
  const parent = join(dirname(parts.cache.directory), "oci");
  const directory = join(parent, base.id);
  const found = readOffered(directory);
  if (found !== null) return found;
  return withHostLock(
    join(parts.cache.directory, ".lock"),
    signal,
    async () => readOffered(directory) ?? (await make(parts, base, directory)),
  );
}

async function make(parts: Parts, base: Layer, directory: string): Promise<OfferedBase> {
  mkdirSync(dirname(directory), { recursive: true, mode: 0o711 });
  const draft = mkdtempSync(`${directory}.`);
  try {
    const content = { layers: [base], config: { env: { PATH }, workingDirectory: "/", uid: 0, gid: 0 }, processes: {} };
    await exportImage(parts, { digest: imageDigest(content), ...content }, draft, "base");
    renameSync(draft, directory);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  const made = readOffered(directory);
  if (made === null) throw new Error(`${directory} was written and cannot be read`);
  return made;
}

/** The config is the blob that names diff ids. */
function readOffered(directory: string): OfferedBase | null {
  const index = readJson<{ readonly manifests: readonly { readonly digest: string }[] }>(join(directory, "index.json"));
  const manifest =
    index === null ? null : readBlob<{ readonly config: { readonly digest: string } }>(directory, index.manifests[0]?.digest);
  const config =
    manifest === null ? null : readBlob<{ readonly rootfs: { readonly diff_ids: readonly string[] } }>(directory, manifest.config.digest);
  const diffId = config?.rootfs.diff_ids[0];
  return diffId === undefined ? null : { directory, diffId };
}

function readBlob<T>(directory: string, digest: string | undefined): T | null {
  return digest === undefined ? null : readJson<T>(join(directory, "blobs/sha256", digest.slice("sha256:".length)));
}
