/** Content-addressed layers in one directory: NAME/ holds files, ID.json says what a layer consists of. A layer without its record does not exist. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Layer, LayerId, LayerKind } from "../core/index.ts";
import { readJson, writeJson } from "./atomic-file.ts";

export interface LayerRecord {
  readonly id: LayerId;
  readonly kind: LayerKind;
  readonly title: string;
  /** Names in the store, lowest first. */
  readonly directories: readonly string[];
  /** What made it what it is: `package-lock.json` -> content identity. Compared to say what changed. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Of the directories that were made for it. */
  readonly sizeBytes: number;
  readonly createdMs: number;
  /** App layers: the git tree that each directory together with those below it shows. */
  readonly trees?: readonly string[];
  /** App layers: number of files in the lowest directory. */
  readonly files?: number;
}

export interface LayerStore {
  readonly directory: string;
  find(id: LayerId): LayerRecord | null;
  layer(record: LayerRecord): Layer;
  /** Whether an absolute path is a directory of this store, and there. */
  holds(directory: string): boolean;
  /** A new empty directory on the same filesystem; whoever asks removes what is left of it. */
  draft(name: string): string;
  /** The record comes first, so that no sweep finds a directory that nothing names. Where the name is taken, the one that is there stays: same name, same content. */
  add(record: LayerRecord, directory: string): Promise<void>;
  records(): readonly LayerRecord[];
  /** A build used them now. */
  touch(ids: readonly LayerId[]): void;
  /** When a build last used it, or made it. */
  usedMs(id: LayerId): number;
  /** Names of all layer directories, whether a record has them or not. */
  names(): readonly string[];
  /** Takes records and directories out of the store at once; answers where the directories wait for their removal. */
  condemn(ids: readonly LayerId[], names: readonly string[]): string;
  drafts(): readonly string[];
  /** What a killed build or sweep left half done. */
  abandonedDrafts(nowMs: number): readonly string[];
}

/** A step has 15 minutes, and a draft is one step's. */
const DRAFT_LIFETIME_MS = 60 * 60_000;

export function createLayerStore(directory: string, buildsDirectory: string): LayerStore {
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  mkdirSync(buildsDirectory, { recursive: true, mode: 0o711 });
  const pathOf = (name: string): string => join(directory, name);
  const recordPath = (id: LayerId): string => join(directory, `${id}.json`);
  const has = (name: string): boolean => existsSync(pathOf(name));
  const find = (id: LayerId): LayerRecord | null => {
    const record = readJson<LayerRecord>(recordPath(id));
    return record?.directories.every(has) ? record : null;
  };

  const drafts = (): readonly string[] => readdirSync(buildsDirectory).map((name) => join(buildsDirectory, name));

  return {
    directory,
    drafts,
    find,
    holds: (path) => dirname(path) === directory && existsSync(path),
    layer: ({ id, kind, title, directories }) => ({ id, kind, title, directories: directories.map(pathOf) }),
    draft(name) {
      const path = mkdtempSync(join(buildsDirectory, `${name}-`));
      // The directory becomes the root of what a container sees.
      chmodSync(path, 0o755);
      return path;
    },
    async add(record, from) {
      const name = record.directories.at(-1) ?? record.id;
      writeJson(recordPath(record.id), record);
      try {
        renameSync(from, pathOf(name));
      } catch (error) {
        if (!has(name)) throw error;
        await rm(from, { recursive: true, force: true });
      }
    },
    records: () =>
      readdirSync(directory)
        .filter((name) => name.endsWith(".json"))
        .map((name) => readJson<LayerRecord>(pathOf(name)))
        .filter((record) => record !== null),
    touch(ids) {
      const now = new Date();
      for (const id of ids) if (existsSync(recordPath(id))) utimesSync(recordPath(id), now, now);
    },
    usedMs: (id) => statSync(recordPath(id), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    names: () =>
      readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name),
    condemn(ids, names) {
      const doomed = mkdtempSync(join(buildsDirectory, "removed-"));
      // Records first: a layer that is half gone must be none.
      for (const id of ids) rmSync(recordPath(id), { force: true });
      for (const name of names) renameSync(pathOf(name), join(doomed, name));
      return doomed;
    },
    abandonedDrafts: (nowMs) =>
      drafts().filter((path) => nowMs - (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? nowMs) > DRAFT_LIFETIME_MS),
  };
}
