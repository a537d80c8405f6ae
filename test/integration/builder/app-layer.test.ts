/** The app layer against `git archive`, seen through a real overlay mount. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeAppLayer } from "../../../builder/app-layer.ts";
import { type GitObjects, openGitObjects } from "../../../builder/git-objects.ts";
import { createLayerStore, type LayerStore } from "../../../builder/layer-store.ts";
import { commitTreeId } from "../../../builder/source.ts";
import { absolute, walk } from "../../../builder/walk.ts";
import { createWhiteouts } from "../../../builder/whiteout.ts";
import { type CommitId, type Layer, parseCommitId } from "../../../core/index.ts";
import { givenRepository, type Repository, withMounted } from "./support/given.ts";

let directory: string;
let repository: Repository;
let store: LayerStore;
let git: GitObjects;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pushboat-app-layer-"));
  repository = givenRepository(join(directory, "repository"));
  store = createLayerStore(join(directory, "layers"), join(directory, "builds"));
  git = openGitObjects(join(repository.directory, ".git"), { uid: 0, gid: 0 });
});

afterEach(() => {
  git.close();
  rmSync(directory, { recursive: true, force: true });
});

describe("the app layer", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`shows what git archive writes, over a random history (seed ${seed})`, async () => {
      const random = createRandom(seed);
      const commits: CommitId[] = [];
      for (let round = 0; round < 25; round++) {
        for (let change = 0; change <= random(6); change++) mutate(repository.directory, random);
        commits.push(repository.commit(`round ${round}`));
        // Mostly the commit before; sometimes an older one (rollback, a new branch), sometimes none.
        const previous = random(10) === 0 ? null : (commits.at(-2 - (random(6) === 0 ? random(commits.length) : 0)) ?? null);
        const layer = await make(commits.at(-1) as CommitId, previous);
        expect(layer.directories.length).toBeLessThanOrEqual(10);
        expect(await seen(layer), `commit ${round}`).toEqual(archived(commits.at(-1) as CommitId));
      }
    }, 120_000);
  }

  it("writes only what changed, and the disk grows by that", async () => {
    for (let index = 0; index < 300; index++) repository.write({ [`src/d${index % 20}/f${index}.txt`]: `file ${index}`.repeat(200) });
    const first = repository.commit();
    await make(first, null);
    const before = diskUse(store.directory);
    repository.write({ "src/d3/f3.txt": "changed" });
    const layer = await make(repository.commit(), first);
    const delta = [...walk(layer.directories.at(-1) ?? "")].map(({ path }) => path);
    expect(delta).toEqual(["app", "app/src", "app/src/d3", "app/src/d3/f3.txt"]);
    expect(diskUse(store.directory) - before).toBeLessThan(64 * 1024);
  });

  it("begins a new count after eight deltas, on the same lowest directory", async () => {
    repository.write({ a: "0", b: "same" });
    let previous = repository.commit();
    const lowest = (await make(previous, null)).directories[0];
    const lengths: number[] = [];
    for (let round = 1; round <= 20; round++) {
      repository.write({ a: String(round) });
      const commit = repository.commit();
      const layer = await make(commit, previous);
      expect(layer.directories[0]).toBe(lowest);
      lengths.push(layer.directories.length);
      previous = commit;
    }
    expect(lengths).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
  });

  it("does not hide the dependency layer when node_modules leaves the repository", async () => {
    repository.write({ "node_modules/vendored/index.js": "old", "server.js": "1" });
    const first = repository.commit();
    await make(first, null);
    rmSync(join(repository.directory, "node_modules"), { recursive: true });
    const layer = await make(repository.commit(), first);
    const dependencies = join(directory, "dependencies");
    mkdirSync(join(dependencies, "app/node_modules/express"), { recursive: true });
    writeFileSync(join(dependencies, "app/node_modules/express/index.js"), "express");
    const below: Layer = { id: "deps", kind: "dependencies", title: "dependencies", directories: [dependencies] };
    await withMounted([below, layer], (root) => {
      expect(readFileSync(join(root, "app/node_modules/express/index.js"), "utf8")).toBe("express");
      expect(existsSync(join(root, "app/node_modules/vendored"))).toBe(false);
    });
  });

  it("keeps a link to /etc/shadow a link, and writes nothing through links", async () => {
    symlinkSync("/etc/shadow", join(repository.directory, "secret"));
    symlinkSync(directory, join(repository.directory, "out"));
    const first = repository.commit();
    const layer = await make(first, null);
    expect(readlinkSync(join(layer.directories[0] ?? "", "app/secret"))).toBe("/etc/shadow");
    rmSync(join(repository.directory, "out"));
    repository.write({ "out/escaped.txt": "x" });
    await make(repository.commit(), first);
    expect(existsSync(join(directory, "escaped.txt"))).toBe(false);
  });

  it("gives files to the app user, and times that follow the content", async () => {
    repository.write({ "a.txt": "one", "run.sh": "#!/bin/sh\n" });
    execFileSync("chmod", ["755", join(repository.directory, "run.sh")]);
    const first = repository.commit();
    const times = async (commit: CommitId) => {
      const layer = await make(commit, null);
      return new Map([...walk(layer.directories.at(-1) ?? "")].map(({ path, stats }) => [path, stats]));
    };
    const before = await times(first);
    for (const stats of before.values()) expect([stats.uid, stats.gid]).toEqual([1000, 1000]);
    expect((before.get("app/run.sh")?.mode ?? 0) & 0o777).toBe(0o755);
    expect((before.get("app/a.txt")?.mode ?? 0) & 0o777).toBe(0o644);
    // Same size, other content: an ETag of size and time must differ.
    repository.write({ "a.txt": "two" });
    const after = await times(repository.commit());
    expect(after.get("app/a.txt")?.mtimeMs).not.toBe(before.get("app/a.txt")?.mtimeMs);
    expect(after.get("app/run.sh")?.mtimeMs).toBe(before.get("app/run.sh")?.mtimeMs);
    expect(after.get("app/a.txt")?.mtimeMs).toBeLessThan(Date.now());
  });

  it("refuses a file above the limit by its name, and leaves nothing behind", async () => {
    repository.write({ "big.bin": Buffer.alloc(3 * 1024 * 1024), "small.txt": "x" });
    const commit = repository.commit();
    await expect(make(commit, null, 1024 * 1024)).rejects.toMatchObject({
      code: "build/file-too-large",
      message: '"big.bin" has 3 MB; a file in an app may have 1 MB',
    });
    expect(readdirSync(join(directory, "builds"))).toEqual([]);
    expect(store.records()).toEqual([]);
  });

  it("refuses a path that git itself would refuse", async () => {
    const blob = repository.git("hash-object", "-w", "/dev/null").trim();
    const entry = Buffer.concat([Buffer.from("100644 ..\0"), Buffer.from(blob, "hex")]);
    const tree = execFileSync("git", ["hash-object", "-w", "--literally", "-t", "tree", "--stdin"], {
      cwd: repository.directory,
      input: entry,
    })
      .toString()
      .trim();
    const commit = parseCommitId(
      repository.git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit-tree", tree, "-m", "evil").trim(),
    );
    await expect(make(commit, null)).rejects.toMatchObject({ code: "build/unsafe-path" });
  });
});

async function make(commit: CommitId, previous: CommitId | null, maxFileBytes = 512 * 1024 * 1024): Promise<Layer> {
  const reader = openGitObjects(join(repository.directory, ".git"), { uid: 0, gid: 0 });
  try {
    const made = await makeAppLayer({
      git: reader,
      store,
      whiteouts: createWhiteouts(store.directory),
      tree: (await commitTreeId(reader, commit)) ?? "",
      previousTree: previous === null ? null : await commitTreeId(reader, previous),
      salt: "",
      maxFileBytes,
    });
    return made.layer;
  } finally {
    reader.close();
  }
}

/** Path -> kind, mode and content. */
type Files = Readonly<Record<string, string>>;

function listing(root: string): Files {
  const files: Record<string, string> = {};
  for (const { path, stats } of walk(root)) {
    const at = absolute(root, path);
    if (stats.isDirectory()) files[path] = "directory";
    else if (stats.isSymbolicLink()) files[path] = `link ${readlinkSync(at, "latin1")}`;
    else if (stats.isFile())
      files[path] = `${(stats.mode & 0o111) === 0 ? "file" : "executable"} ${createHash("sha1").update(readFileSync(at)).digest("hex")}`;
    else files[path] = "something else";
  }
  return files;
}

function seen(layer: Layer): Promise<Files> {
  return withMounted([layer], (root) => listing(join(root, "app")));
}

function archived(commit: CommitId): Files {
  const target = mkdtempSync(join(directory, "archive-"));
  execFileSync("sh", ["-c", 'git archive "$0" | tar -x -C "$1"', commit, target], { cwd: repository.directory, stdio: "pipe" });
  const files = listing(target);
  rmSync(target, { recursive: true });
  return files;
}

/** Names that are trouble somewhere: options, spaces, newlines, bytes that are not UTF-8, names that sort between `a` and `a/`. */
const NAMES = ["a", "a.b", "a-b", "a0", "-rf", "with space", "new\nline", "Ünï", "\u00ff\u00fe", "..a", "c", "node_modules", "d"].map(
  (name, index) => (index === 8 ? Buffer.from(name, "latin1") : Buffer.from(name)),
);

/** One change below the directory: a file, an executable, a link, or nothing there any more; kinds replace each other. */
function mutate(root: string, random: (below: number) => number): void {
  const parts = Array.from({ length: 1 + random(3) }, () => (NAMES[random(NAMES.length)] as Buffer).toString("latin1"));
  const action = random(5);
  for (let count = 1; count < parts.length; count++) {
    const parent = parts.slice(0, count).join("/");
    if (isDirectory(root, parent)) continue;
    if (action === 0) return;
    removeTree(root, parent);
    mkdirSync(absolute(root, parent));
  }
  const path = parts.join("/");
  removeTree(root, path);
  if (action === 0) return;
  if (action === 1) symlinkSync(NAMES[random(NAMES.length)] as Buffer, absolute(root, path));
  else writeFileSync(absolute(root, path), `content ${random(5)}`, { mode: action === 2 ? 0o755 : 0o644 });
}

function isDirectory(root: string, path: string): boolean {
  return lstatSync(absolute(root, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function removeTree(root: string, path: string): void {
  const stats = lstatSync(absolute(root, path), { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    unlinkSync(absolute(root, path));
    return;
  }
  for (const entry of [...walk(root, path)].reverse()) {
    if (entry.stats.isDirectory()) rmdirSync(absolute(root, entry.path));
    else unlinkSync(absolute(root, entry.path));
  }
  rmdirSync(absolute(root, path));
}

/** mulberry32: the same seed gives the same history. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Bytes of all files, each inode once. */
function diskUse(path: string): number {
  return Number(execFileSync("du", ["-sB1", path]).toString().split("\t")[0]);
}
