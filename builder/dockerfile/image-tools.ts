/** buildah and skopeo as a layer on the base image: nothing of them is on the host, and they only ever run in a sandbox. */

import { mkdirSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { EventSink, Layer, LayerId } from "../../core/index.ts";
import { baseLayerId } from "../base-recipe.ts";
import { bytesOnDisk } from "../disk-usage.ts";
import { flush } from "../flush.ts";
import { withHostLock } from "../host-lock.ts";
import { layerId } from "../identity.ts";
import { runTool } from "../import/tool.ts";
import type { LayerRecord } from "../layer-store.ts";
import type { Parts } from "../parts.ts";
import { STEP_LIMITS, stepFailure } from "../step.ts";

/** netavark is only looked for: buildah 1.39 does not start without a network back end, and never uses it with the host's network. */
const PACKAGES = ["buildah", "skopeo", "netavark"];

const SCRIPT = `
options="-o APT::Sandbox::User=root -o Acquire::Languages=none"
apt-get $options -qq update
apt-get $options -qq -y --no-install-recommends install ${PACKAGES.join(" ")} >/tmp/apt.log 2>&1 || { tail -20 /tmp/apt.log; exit 1; }
rm -rf /usr/share/doc /usr/share/man /usr/share/locale /usr/share/info /usr/share/bash-completion /usr/share/zsh
buildah --version
skopeo --version
`;

const TITLE = "buildah and skopeo";
const MANY_FILES = 10_000;
/** Raise it to make the layer anew. */
const RECIPE = 1;

export function imageToolsId(architecture: string): LayerId {
  return layerId("tools", { RECIPE, PACKAGES, base: baseLayerId(architecture) });
}

export interface ImageToolsOrder {
  readonly parts: Parts;
  readonly base: Layer;
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

/** About 20 s, once for a machine. */
export async function ensureImageTools(order: ImageToolsOrder): Promise<Layer> {
  const { cache } = order.parts;
  const id = imageToolsId(process.arch);
  const stored = cache.find(id);
  if (stored !== null) return cache.layer(stored);
  order.onEvent({ kind: "detail", text: `Installing ${TITLE} once for this machine` });
  const record = await withHostLock(join(cache.directory, ".lock"), order.signal, async () => cache.find(id) ?? (await make(order, id)));
  return cache.layer(record);
}

async function make({ parts, base, onEvent, signal }: ImageToolsOrder, id: LayerId): Promise<LayerRecord> {
  const startedMs = Date.now();
  const draft = parts.cache.draft("tools");
  try {
    const upper = join(draft, "upper");
    const files = join(draft, "files");
    for (const directory of [upper, files]) mkdirSync(directory, { mode: 0o755 });
    const run = { sandbox: parts.sandbox, name: "image-tools", layers: [base], upperDirectory: upper, binds: [], script: SCRIPT, signal };
    const outcome = await runTool({ ...run, env: { DEBIAN_FRONTEND: "noninteractive" }, network: "registry", nests: false });
    const failure = stepFailure(`installing ${TITLE}`, outcome, outcome.lastLines, STEP_LIMITS);
    if (failure !== null) throw failure;
    // Debian's package lists and logs stay behind.
    for (const name of ["usr", "etc"]) await rename(join(upper, name), join(files, name));
    await flush(files, MANY_FILES);
    const sizeBytes = await bytesOnDisk(files);
    const record: LayerRecord = {
      id,
      kind: "language",
      title: TITLE,
      directories: [id],
      inputs: { recipe: id },
      sizeBytes,
      createdMs: startedMs,
    };
    await parts.cache.add(record, files);
    onEvent({ kind: "layer", title: TITLE, reused: false, reason: "first use on this machine", durationMs: Date.now() - startedMs });
    return record;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
