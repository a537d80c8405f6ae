/** Makes the layer of a runtime once for a machine. */
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { EventSink, Sandbox } from "../core/index.ts";
import { flush } from "./flush.ts";
import { withHostLock } from "./host-lock.ts";
import type { Language } from "./language.ts";
import type { LayerRecord, LayerStore } from "./layer-store.ts";
import { fillNginxLayer } from "./nginx-layer.ts";
import type { NpmRegistry } from "./npm-registry.ts";
import { diskBytes } from "./walk.ts";

export interface LanguageLayerSpec {
  readonly cache: LayerStore;
  readonly registry: NpmRegistry;
  readonly sandbox: Sandbox;
  readonly base: LayerRecord;
  readonly language: Language;
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

const MANY_FILES = 10_000;

export async function ensureLanguageLayer(spec: LanguageLayerSpec): Promise<{ record: LayerRecord; reused: boolean }> {
  const find = (): LayerRecord | null => spec.cache.find(spec.language.id);
  const stored = find();
  if (stored !== null) return { record: stored, reused: true };
  return withHostLock(join(spec.cache.directory, ".lock"), spec.signal, async () => {
    const meanwhile = find();
    return meanwhile === null ? { record: await make(spec), reused: false } : { record: meanwhile, reused: true };
  });
}

async function make(spec: LanguageLayerSpec): Promise<LayerRecord> {
  const { cache, language } = spec;
  const draft = cache.draft(language.kind);
  const files = join(draft, "layer");
  mkdirSync(files);
  chmodSync(files, 0o755);
  try {
    if (language.kind === "node") await fillNodeLayer(spec.registry, language, files);
    else await fillNginxLayer(spec, draft, files);
    await flush(files, MANY_FILES);
    const record: LayerRecord = {
      id: language.id,
      kind: "language",
      title: language.title,
      directories: [language.id],
      inputs: { recipe: language.id },
      sizeBytes: diskBytes(files),
      createdMs: Date.now(),
    };
    await cache.add(record, files);
    return record;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** /usr/local as Node's own archives lay it out, without the headers: node, npm, npx. */
async function fillNodeLayer(registry: NpmRegistry, language: Language & { kind: "node" }, files: string): Promise<void> {
  const local = join(files, "usr/local");
  const npm = join(local, "lib/node_modules/npm");
  mkdirSync(npm, { recursive: true });
  await Promise.all([registry.unpack(nodePackage(process.arch), language.node, local), registry.unpack("npm", language.npm, npm)]);
  const unwanted = [
    "include",
    "share",
    "package.json",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "lib/node_modules/npm/docs",
    "lib/node_modules/npm/man",
  ];
  await Promise.all(unwanted.map((name) => rm(join(local, name), { recursive: true, force: true })));
  chmodSync(join(local, "bin/node"), 0o755);
  for (const name of ["npm", "npx"]) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, "bin", name));
}

/** The npm package that holds Node's own binary for an architecture. */
export function nodePackage(architecture: string): string {
  return `node-linux-${architecture}`;
}
