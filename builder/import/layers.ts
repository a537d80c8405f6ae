/** The layers of an image directory as ours: content-addressed by diff id, so that what is known already is not even read. */

import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type EventSink, type Layer, type LayerId, PushboatError } from "../../core/index.ts";
import { bytesOnDisk } from "../disk-usage.ts";
import { flush } from "../flush.ts";
import { runOnHost } from "../host-command.ts";
import type { LayerRecord } from "../layer-store.ts";
import type { Parts } from "../parts.ts";
import { layerTitles } from "./documents.ts";
import { type ImageDirectory, verifyBlob } from "./image-directory.ts";
import { runTool } from "./tool.ts";

export interface LayerImport {
  readonly parts: Parts;
  /** For kernel objects. */
  readonly name: string;
  /** Whose tar unpacks: the base image. */
  readonly base: Layer;
  /** Diff ids that are layers of ours already: the offered base. */
  readonly known: ReadonlyMap<string, Layer>;
  readonly image: ImageDirectory;
  /** Where the blobs are. */
  readonly directory: string;
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

const MANY_FILES = 10_000;
const WHITEOUTS_TIMEOUT_MS = 5 * 60_000;

/** 16 digits name it, all 64 are in its record. */
export function importedLayerId(diffId: string): LayerId {
  return `oci-${diffId.slice("sha256:".length, "sha256:".length + 16)}`;
}

export async function importLayers(order: LayerImport): Promise<readonly Layer[]> {
  const { parts, image, known, onEvent } = order;
  const titles = layerTitles(image.document);
  const missing = [...new Set(image.diffIds)].filter((diffId) => !known.has(diffId) && findImported(parts, diffId) === null);
  const startedMs = performance.now();
  for (const diffId of missing) await verifyBlob(order.directory, diffId, order.signal);
  await unpack(
    order,
    missing.map((diffId) => ({ diffId, title: titles[image.diffIds.indexOf(diffId)] ?? diffId })),
  );
  const unpackMs = performance.now() - startedMs;
  return image.diffIds.map((diffId, index) => {
    const reused = !missing.includes(diffId);
    const title = titles[index] ?? diffId;
    const reason = reused ? "the same files" : "not here yet";
    onEvent({ kind: "layer", title, reused, reason, durationMs: reused ? 0 : unpackMs / missing.length });
    const layer = known.get(diffId) ?? findImported(parts, diffId);
    if (layer === null) throw new Error(`${diffId} was unpacked and is not there`);
    return layer;
  });
}

function findImported(parts: Parts, diffId: string): Layer | null {
  const record = parts.store.find(importedLayerId(diffId));
  if (record === null) return null;
  if (record.inputs["diffId"] !== diffId) throw new Error(`${record.id} is ${record.inputs["diffId"]}, not ${diffId}`);
  return parts.store.layer(record);
}

interface Wanted {
  readonly diffId: string;
  readonly title: string;
}

/** All in one sandbox: a tar from elsewhere is never unpacked by the host itself. */
async function unpack(order: LayerImport, wanted: readonly Wanted[]): Promise<void> {
  if (wanted.length === 0) return;
  const { parts } = order;
  const draft = parts.store.draft("import");
  try {
    const upper = join(draft, "upper");
    mkdirSync(upper);
    chmodSync(upper, 0o755);
    const outcome = await runTool({
      sandbox: parts.sandbox,
      name: `${order.name}-unpack`,
      layers: [order.base],
      upperDirectory: upper,
      binds: [{ source: order.directory, target: "/blobs", readOnly: true }],
      script: unpackScript(wanted.map(({ diffId }) => diffId)),
      env: {},
      network: "none",
      nests: false,
      signal: order.signal,
    });
    if (outcome.exitCode !== 0) throw unpackFailure(outcome.lastLines, wanted);
    for (const [index, { diffId, title }] of wanted.entries()) await store(parts, join(upper, "layers", String(index)), diffId, title);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Devices are made by the container, and nobody in a user namespace may make them. run/pushboat is where buildah left the mount
 * point of the host's certificate authorities.
 */
export function unpackScript(diffIds: readonly string[]): string {
  const excluded = ["dev", "run/pushboat"].flatMap((path) => [`--exclude='${path}/*'`, `--exclude='./${path}/*'`]);
  const options = ["--numeric-owner", "--same-owner", "--same-permissions", "--delay-directory-restore", "--anchored", ...excluded].join(
    " ",
  );
  const lines = diffIds.map(
    (diffId, index) => `mkdir -p /layers/${index}\ntar -x -f /blobs/${diffId.slice("sha256:".length)} -C /layers/${index} ${options}`,
  );
  return lines.join("\n");
}

async function store(parts: Parts, files: string, diffId: string, title: string): Promise<void> {
  const script = fileURLToPath(new URL("whiteouts.pl", import.meta.url));
  await runOnHost({ argv: ["perl", script, files], encoding: "latin1", timeoutMs: WHITEOUTS_TIMEOUT_MS });
  await flush(files, MANY_FILES);
  const id = importedLayerId(diffId);
  const record: LayerRecord = {
    id,
    kind: "build",
    title,
    directories: [id],
    inputs: { diffId },
    sizeBytes: await bytesOnDisk(files),
    createdMs: parts.now(),
  };
  await parts.store.add(record, files);
}

function unpackFailure(lines: readonly string[], wanted: readonly Wanted[]): PushboatError {
  return new PushboatError({
    code: "image/unpack",
    message: `${wanted.length === 1 ? "A layer" : `One of ${wanted.length} layers`} of the image could not be unpacked: ${lines.at(-2) ?? lines.at(-1) ?? "no output"}`,
    hint: ["Owners above 65535 and device files cannot be in an image here.", ...lines.slice(-5).map((line) => `  ${line}`)].join("\n"),
  });
}
