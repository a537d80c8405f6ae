/** How large an instance is: asked for by hand, else what the release's files say, else the default of this machine. */
import { statfsSync } from "node:fs";
import { type Capacity, defaultSize, type InstanceSize, type Manifest, mergeSizes, type Settings } from "../core/index.ts";
import type { EnvironmentRecord } from "./store/index.ts";

type SizedEnvironment = { readonly branch: EnvironmentRecord["branch"] | string };
type SizedSettings = Pick<Settings, "dataDirectory" | "memoryBytes">;

export interface SizeSources {
  readonly manifest: Manifest;
  /** Memory asked for by hand. */
  readonly sizes: Readonly<Record<string, number>>;
}

export function sizeOf(
  settings: SizedSettings,
  environment: SizedEnvironment,
  type: string,
  { manifest, sizes }: SizeSources,
): InstanceSize {
  const own = sizes[type];
  const said = mergeSizes(manifest.processes?.[type]?.size, own === undefined ? {} : { memoryBytes: own });
  return { ...usualSize(settings, environment), ...said };
}

/** Of release commands, `run` and scripts: pushboat.yml may give each a size by its name. */
export function oneOffSize(settings: SizedSettings, environment: SizedEnvironment, name: string, manifest: Manifest): InstanceSize {
  return sizeOf(settings, environment, name, { manifest, sizes: {} });
}

export function usualSize(settings: SizedSettings, { branch }: SizedEnvironment): InstanceSize {
  return defaultSize(capacity(settings), branch === null ? "production" : "branch");
}

function capacity({ dataDirectory, memoryBytes }: SizedSettings): Capacity {
  return { memoryBytes, diskBytes: filesystemBytes(dataDirectory) };
}

function filesystemBytes(directory: string): number {
  try {
    const { blocks, bsize } = statfsSync(directory);
    return blocks * bsize;
  } catch {
    return Number.MAX_SAFE_INTEGER; // not there yet: nothing runs in it either
  }
}
