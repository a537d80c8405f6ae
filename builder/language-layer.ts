/** Makes the layer of a runtime once for a machine. */

import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { EventSink, Sandbox } from "../core/index.ts";
import { bytesOnDisk } from "./disk-usage.ts";
import { flush } from "./flush.ts";
import { fillGoLayer } from "./go-layer.ts";
import { withHostLock } from "./host-lock.ts";
import { type Language, type NodeLanguage, type NpmToolLanguage, toolName } from "./language.ts";
import type { LayerRecord, LayerStore } from "./layer-store.ts";
import { fillNginxLayer } from "./nginx-layer.ts";
import type { NpmRegistry } from "./npm-registry.ts";
import { fillPackagesLayer } from "./packages-layer.ts";

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
  const { language } = spec;
  const find = (): LayerRecord | null => spec.cache.find(language.id);
  const stored = find();
  if (stored !== null) return { record: stored, reused: true };
  if (language.kind === "go") await ensureLanguageLayer({ ...spec, language: language.bootstrap });
  return withHostLock(join(spec.cache.directory, ".lock"), spec.signal, async () => {
    const meanwhile = find();
    if (meanwhile !== null) return { record: meanwhile, reused: true };
    spec.onEvent({ kind: "detail", text: `Making ${language.title} once for this machine` });
    return { record: await make(spec), reused: false };
  });
}

async function make(spec: LanguageLayerSpec): Promise<LayerRecord> {
  const { cache, language } = spec;
  for (const abandoned of cache.abandonedDrafts(Date.now())) rmSync(abandoned, { recursive: true, force: true });
  const draft = cache.draft(language.kind);
  const files = join(draft, "layer");
  mkdirSync(files);
  chmodSync(files, 0o755);
  try {
    await fill(spec, draft, files);
    await flush(files, MANY_FILES);
    const record: LayerRecord = {
      id: language.id,
      kind: "language",
      title: language.title,
      directories: [language.id],
      inputs: { recipe: language.id },
      sizeBytes: await bytesOnDisk(files),
      createdMs: Date.now(),
    };
    await cache.add(record, files);
    return record;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function fill(spec: LanguageLayerSpec, draft: string, files: string): Promise<void> {
  const { language } = spec;
  switch (language.kind) {
    case "node":
      return fillNodeLayer(spec.registry, language, files);
    case "nginx":
      return fillNginxLayer(spec, draft, files);
    case "packages":
      return fillPackagesLayer(spec, language, draft, files);
    case "npm-tool":
      return fillNpmToolLayer(spec.registry, language, files);
    case "go":
      return fillGoLayer(spec, language, draft, files);
  }
}

/** /usr/local as Node's own archives lay it out, without the headers: node, npm, npx. */
async function fillNodeLayer(registry: NpmRegistry, language: NodeLanguage, files: string): Promise<void> {
  const local = join(files, "usr/local");
  const npm = join(local, "lib/node_modules/npm");
  mkdirSync(npm, { recursive: true });
  await Promise.all([registry.unpack(nodePackage(process.arch), language.node, local), registry.unpack("npm", language.npm, npm)]);
  const unwanted = [
    ...(language.headers ? [] : ["include"]),
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

/** Beside npm in /usr/local/lib/node_modules, with the commands that its package.json names. */
async function fillNpmToolLayer(registry: NpmRegistry, language: NpmToolLanguage, files: string): Promise<void> {
  const name = toolName(language.package);
  const directory = join(files, "usr/local/lib/node_modules", name);
  const bin = join(files, "usr/local/bin");
  for (const path of [directory, bin]) mkdirSync(path, { recursive: true, mode: 0o755 });
  await registry.unpack(language.package, language.version, directory);
  const { bin: commands = {} } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    bin?: string | Record<string, string>;
  };
  for (const [command, path] of Object.entries(typeof commands === "string" ? { [name]: commands } : commands)) {
    chmodSync(join(directory, path), 0o755);
    symlinkSync(join("../lib/node_modules", name, path), join(bin, command));
  }
}

/** The npm package that holds Node's own binary for an architecture. */
export function nodePackage(architecture: string): string {
  return `node-linux-${architecture}`;
}
