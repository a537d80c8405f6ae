/** Image records: images/DIGEST.json, and for each environment which image was built last. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type EnvironmentName, environmentFileName, type Image, type LayerId } from "../core/index.ts";
import { readJson, writeHint, writeJson } from "./atomic-file.ts";

export interface ImageRecord {
  readonly image: Image;
  readonly createdMs: number;
}

/** What a later build compares with, to say what changed. */
export interface LastBuild {
  readonly digest: string;
  /** Step name -> inputs of its layer. */
  readonly steps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the image's runtimes were made of: `node` -> `Node` -> `24.21.0`. Absent in records of older builds. */
  readonly runtime?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Set by a push with no-cache, and kept until the next one: its layers are used again, the older ones are not. */
  readonly salt: string;
  /** Everything that the build used, also layers that are not part of the image. */
  readonly layers: readonly LayerId[];
}

export interface ImageStore {
  find(digest: string): ImageRecord | null;
  save(record: ImageRecord): void;
  records(): readonly ImageRecord[];
  remove(digest: string): void;
  lastBuild(environment: EnvironmentName): LastBuild | null;
  saveLastBuild(environment: EnvironmentName, build: LastBuild): void;
  /** By file name. */
  lastBuilds(): readonly { readonly file: string; readonly build: LastBuild }[];
  removeLastBuild(file: string): void;
}

export function createImageStore(directory: string): ImageStore {
  const last = join(directory, "last");
  mkdirSync(last, { recursive: true, mode: 0o711 });
  const pathOf = (digest: string): string => join(directory, `${digest.replace(/[^0-9a-z]/g, "-")}.json`);
  const lastPath = (environment: EnvironmentName): string => join(last, `${environmentFileName(environment)}.json`);
  const jsonFiles = (path: string): readonly string[] => readdirSync(path).filter((name) => name.endsWith(".json"));
  return {
    find: (digest) => readJson<ImageRecord>(pathOf(digest)),
    save: (record) => writeJson(pathOf(record.image.digest), record),
    records: () =>
      jsonFiles(directory)
        .map((name) => readJson<ImageRecord>(join(directory, name)))
        .filter((record) => record !== null),
    remove: (digest) => rmSync(pathOf(digest), { force: true }),
    lastBuild: (environment) => readJson<LastBuild>(lastPath(environment)),
    saveLastBuild: (environment, build) => writeHint(lastPath(environment), build),
    lastBuilds: () =>
      jsonFiles(last).flatMap((file) => {
        const build = readJson<LastBuild>(join(last, file));
        return build === null ? [] : [{ file, build }];
      }),
    removeLastBuild: (file) => rmSync(join(last, file), { force: true }),
  };
}
