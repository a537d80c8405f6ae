/** The JSON documents of an OCI image (image-spec 1.1): config, manifest, index. Pure. */
import { type Image, RELEASE, WEB } from "../../core/index.ts";
import { canonicalJson } from "../identity.ts";
import type { LayerArchive } from "./layer-archive.ts";

export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A fixed time: the same image gives the same digest. */
const CREATED = "2000-01-01T00:00:00Z";
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export function imageConfig(image: Image, archives: readonly LayerArchive[], nodeArchitecture: string): string {
  const { config, processes, layers } = image;
  const web = processes[WEB];
  const others = Object.entries(processes).filter(([type]) => type !== WEB);
  return canonicalJson({
    created: CREATED,
    architecture: ARCHITECTURES[nodeArchitecture] ?? nodeArchitecture,
    os: "linux",
    config: {
      User: `${config.uid}:${config.gid}`,
      Env: Object.entries(config.env)
        .map(([name, value]) => `${name}=${value}`)
        .sort(),
      WorkingDir: config.workingDirectory,
      ...(web === undefined ? {} : { Cmd: web.form === "shell" ? ["/bin/sh", "-c", ...web.command] : web.command }),
      Labels: Object.fromEntries(
        others.map(([type, { command }]) => [`pushboat.${type === RELEASE ? "" : "process."}${type}`, command.join(" ")]),
      ),
    },
    rootfs: { type: "layers", diff_ids: archives.map(({ diffId }) => diffId) },
    history: layers.map(({ title, id }) => ({ created: CREATED, created_by: `pushboat ${title}`, comment: id })),
  });
}

export function manifest(config: Blob, archives: readonly LayerArchive[]): string {
  return canonicalJson({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config,
    layers: archives.map(({ digest, sizeBytes }) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest,
      size: sizeBytes,
    })),
  });
}

export const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
export const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
export const LAYOUT = '{"imageLayoutVersion":"1.0.0"}\n';

export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly manifests: readonly (Blob & { readonly annotations?: Readonly<Record<string, string>> })[];
}

const TAG = "org.opencontainers.image.ref.name";

/** Other tags of a layout that is there stay. */
export function withTag(index: Index | null, entry: Blob, tag: string): Index {
  const others = index?.manifests.filter(({ annotations }) => annotations?.[TAG] !== tag) ?? [];
  return {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [...others, { ...entry, annotations: { [TAG]: tag } }],
  };
}
