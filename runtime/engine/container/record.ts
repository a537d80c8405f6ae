/** What is kept about a container, in the run directory, from before it exists until nothing of it is left. */
import { mkdirSync, readdirSync } from "node:fs";
import { z } from "zod";
import { writeAtomically } from "../atomic-file.ts";
import type { Container } from "../contract.ts";
import { readText } from "../kernel/process.ts";
import { containerPaths, type Paths } from "../paths.ts";

const processSchema = z.object({ pid: z.number(), startTicks: z.string() });

const recordSchema = z.object({
  id: z.string(),
  slot: z.union([z.number(), z.literal("build")]),
  /** Offset of its address; null with network `none`. */
  link: z.number().nullable(),
  ip: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  logFile: z.string(),
  /** Removed with the container; null: the caller's own upper directory. */
  scratch: z.string().nullable(),
  /** Its writable layer is a filesystem of this size. */
  diskBytes: z.number().nullable().default(null),
  /** A build step: does not outlive the process that waits for it. */
  attached: z.boolean(),
  /** null: half made. */
  init: processSchema.nullable(),
  /** Its conmon. */
  monitor: processSchema.nullable(),
});

export type ContainerRecord = z.infer<typeof recordSchema>;

export function writeRecord(paths: Paths, record: ContainerRecord): void {
  const place = containerPaths(paths, record.id);
  mkdirSync(place.bundle, { recursive: true, mode: 0o700 });
  writeAtomically(place.record, JSON.stringify(record));
}

/** null where there is none, or none that can be read. */
export function readRecord(paths: Paths, id: string): ContainerRecord | null {
  const text = readText(containerPaths(paths, id).record);
  if (text === null) return null;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Every bundle directory, with or without a record. */
export function recordedIds(paths: Paths): readonly string[] {
  try {
    return readdirSync(paths.containers);
  } catch {
    return [];
  }
}

/** null for what is not to be adopted. */
export function containerOf(record: ContainerRecord): Container | null {
  if (record.init === null || record.attached) return null;
  const { id, slot, ip, labels, logFile } = record;
  return { id, slot, pid: record.init.pid, startTicks: record.init.startTicks, ip, labels, logFile };
}
