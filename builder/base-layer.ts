/** The base image: Debian from the host's own mirror, made once for a machine by mmdebstrap (about 15 s). */

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type EventSink, PushboatError } from "../core/index.ts";
import { baseLayerId, DEBIAN, EMPTIED, mmdebstrapArgv } from "./base-recipe.ts";
import { INDEX_FORMAT, parseMirrors, sourcesFor } from "./debian-mirror.ts";
import { bytesOnDisk } from "./disk-usage.ts";
import { systemFailure } from "./failure.ts";
import { flush } from "./flush.ts";
import { runOnHost } from "./host-command.ts";
import { withHostLock } from "./host-lock.ts";
import type { LayerRecord, LayerStore } from "./layer-store.ts";

const MAKE_TIMEOUT_MS = 10 * 60_000;
const MANY_FILES = 100_000;

export async function ensureBaseLayer(cache: LayerStore, onEvent: EventSink, signal?: AbortSignal): Promise<LayerRecord> {
  const id = baseLayerId(process.arch);
  const stored = cache.find(id);
  if (stored !== null) return stored;
  onEvent({ kind: "detail", text: `Making the ${DEBIAN.title} image once for this machine` });
  return withHostLock(join(cache.directory, ".lock"), signal, async () => cache.find(id) ?? (await makeBaseLayer(cache, onEvent)));
}

async function makeBaseLayer(cache: LayerStore, onEvent: EventSink): Promise<LayerRecord> {
  const id = baseLayerId(process.arch);
  const startedMs = Date.now();
  const sources = await hostSources();
  const draft = cache.draft("base");
  try {
    await runOnHost({
      argv: mmdebstrapArgv(draft, sources),
      env: { SOURCE_DATE_EPOCH: "946684800" },
      timeoutMs: MAKE_TIMEOUT_MS,
      onErrorLine: (line) => {
        const step = /^I: ((?:running apt|downloading|extracting|installing|cleaning).*)/.exec(line)?.[1];
        if (step !== undefined) onEvent({ kind: "detail", text: `${step} (${Math.round((Date.now() - startedMs) / 1000)} s)` });
      },
    }).catch((error: unknown) => {
      throw systemFailure({ code: "build/base", what: "The base image could not be made", cause: error });
    });
    for (const name of EMPTIED) empty(join(draft, name));
    await flush(draft, MANY_FILES);
    const record: LayerRecord = {
      id,
      kind: "base",
      title: DEBIAN.title,
      directories: [id],
      inputs: { recipe: id },
      sizeBytes: await bytesOnDisk(draft),
      createdMs: startedMs,
    };
    await cache.add(record, draft);
    onEvent({ kind: "layer", title: DEBIAN.title, reused: false, reason: "first use on this machine", durationMs: Date.now() - startedMs });
    return record;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function empty(directory: string): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
}

async function hostSources(): Promise<readonly string[]> {
  const codename = /^VERSION_CODENAME=["']?([\w-]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "";
  const { stdout } = await runOnHost({
    argv: ["apt-get", "indextargets", "--format", INDEX_FORMAT, "Created-By: Packages"],
    timeoutMs: 30_000,
  });
  const sources = sourcesFor(parseMirrors(stdout, codename), codename, DEBIAN.release);
  if (sources.length > 0) return sources;
  throw new PushboatError({
    code: "build/no-mirror",
    message: `apt on this host names no Debian mirror for ${codename || "its release"}`,
    hint: "Add a line for Debian's main component to /etc/apt/sources.list, run apt-get update, and start again.",
    kind: "platform",
  });
}
