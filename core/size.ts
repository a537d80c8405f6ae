/** How much of the machine an instance may use: what was said about it, and the defaults where nothing was. Pure. */
import { formatBytes, parseBytes } from "./bytes.ts";
import { PushboatError } from "./errors.ts";
import { quote } from "./names.ts";

export interface InstanceSize {
  readonly memoryBytes: number;
  /** Beside the memory. */
  readonly swapBytes: number;
  /** Relative weight, 1024 = one share. */
  readonly cpuShares: number;
  /** At most so many cores' time; null: all that is free. */
  readonly cpus: number | null;
  readonly pids: number;
  readonly openFiles: number;
  /** Of the writable layer. */
  readonly diskBytes: number;
  /** 10..1000, where the host can; null: as everybody. */
  readonly ioWeight: number | null;
}

/** What somebody said; the rest is default. */
export type SizeRules = Partial<InstanceSize>;

/** What instances can have of this machine. */
export interface Capacity {
  readonly memoryBytes: number;
  /** Of the filesystem with the data directory. */
  readonly diskBytes: number;
}

const MB = 1024 ** 2;
const GB = 1024 ** 3;

/** semantics.md: 512 MB, 256 pids. A machine of less than 4 GB gives an eighth of its memory, so that it takes about as many apps. */
export const DEFAULT_SIZE: InstanceSize = {
  memoryBytes: 512 * MB,
  swapBytes: 0,
  cpuShares: 1024,
  cpus: null,
  pids: 256,
  openFiles: 65_536,
  diskBytes: GB,
  ioWeight: null,
};
/** Node starts in about 60. */
const LEAST_DEFAULT_MEMORY = 128 * MB;
const LEAST_DEFAULT_DISK = 128 * MB;
/** One instance alone cannot be what fills the disk. */
const DISK_PART = 0.02;

/** Staging is looked at by few: half of production's memory. */
export function defaultSize({ memoryBytes, diskBytes }: Capacity, kind: "production" | "branch"): InstanceSize {
  const memory = Math.min(DEFAULT_SIZE.memoryBytes, Math.max(LEAST_DEFAULT_MEMORY, roundDown(memoryBytes / 8)));
  const disk = Math.min(DEFAULT_SIZE.diskBytes, Math.max(LEAST_DEFAULT_DISK, roundDown(diskBytes * DISK_PART)));
  return { ...DEFAULT_SIZE, memoryBytes: kind === "production" ? memory : memory / 2, diskBytes: disk };
}

const roundDown = (bytes: number): number => Math.floor(bytes / (16 * MB)) * 16 * MB;

/** Less would not hold the monitor's init and a shell; more is no machine we know of. */
export const MEMORY_BOUNDS = { least: 16 * MB, most: 1024 * GB };
/** An ext4 with less has no room for its own tables. */
export const DISK_BOUNDS = { least: 16 * MB, most: 1024 * GB };

/** Heroku's names, as they stand in app.json files. */
const NAMED_MEMORY: Readonly<Record<string, number>> = {
  free: 512 * MB,
  eco: 512 * MB,
  hobby: 512 * MB,
  basic: 512 * MB,
  "standard-1x": 512 * MB,
  "standard-2x": GB,
  "performance-m": 2.5 * GB,
  "performance-l": 14 * GB,
};

/** `1gb`, `512mb`, or one of Heroku's names; null: neither. */
export function parseMemory(text: string): number | null {
  const bytes = NAMED_MEMORY[text.toLowerCase()] ?? parseBytes(text);
  return bytes === null || bytes < MEMORY_BOUNDS.least || bytes > MEMORY_BOUNDS.most ? null : bytes;
}

/** Behind the colon of `web=2:1gb`; null: what the app's files say, or the default. */
export function parseScaleSize(text: string): number | null {
  if (text === "default") return null;
  const bytes = parseMemory(text);
  if (bytes !== null) return bytes;
  throw new PushboatError({
    code: "scale/size",
    message: `${quote(text)} is not a size`,
    hint: `Give memory (512mb, 1gb; ${formatBytes(MEMORY_BOUNDS.least)} to ${formatBytes(MEMORY_BOUNDS.most)}), one of ${Object.keys(NAMED_MEMORY).join(", ")}, or default.`,
  });
}

/** The later wins, field by field. */
export function mergeSizes(...rules: readonly (SizeRules | undefined)[]): SizeRules {
  return Object.assign({}, ...rules);
}

/** Of a volume. */
export function parseVolumeSize(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== null && bytes >= DISK_BOUNDS.least && bytes <= DISK_BOUNDS.most) return bytes;
  throw new PushboatError({
    code: "volumes/size",
    message: `${quote(text)} is not a size for a volume`,
    hint: "Give 16mb to 1tb: volumes:create APP NAME --size 10gb",
  });
}
