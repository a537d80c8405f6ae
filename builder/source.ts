/** One commit: its tree for the buildpacks, and the trees below it for the app layer. */
import {
  type BuildSettings,
  COMMAND_DIRECTORIES,
  isWorkspaceMember,
  LOCK_FILES,
  MAX_LISTED_DIRECTORIES,
  PARENT_DIRECTORIES,
  READ_FILES,
  READ_NAMES,
  readBuildSettings,
  type SourceTree,
  UNLISTED_DIRECTORIES,
} from "../buildpacks/index.ts";
import { type BuildRequest, type CommitId, PushboatError, quote } from "../core/index.ts";
import type { GitObjects } from "./git-objects.ts";
import { type BytePath, parseTree, readable, type Tree, type TreeEntry } from "./tree.ts";
import type { ReadTree } from "./tree-changes.ts";

/** A package.json above this is a mistake; the largest on the npm registry are below 1 MB. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/** The tree id of a directory in a commit; null where the repository has no such commit (any more), or the commit no such directory. */
export async function commitTreeId(git: GitObjects, commit: CommitId, root = ""): Promise<string | null> {
  const object = await git.read(root === "" ? `${commit}^{tree}` : `${commit}:${root}`);
  return object?.header.type === "tree" ? object.header.id : null;
}

export function treeReader(git: GitObjects): ReadTree {
  return async (id: string, path: BytePath): Promise<Tree> => {
    const object = await git.read(id);
    if (object?.header.type !== "tree") throw new Error(`tree ${id} is missing`);
    return parseTree(object.body, id.length / 2, path);
  };
}

/**
 * root: the app's directory in a monorepo; everything else in the commit is not there for its build. member: a directory whose files are
 * read like those of the root.
 */
export async function readSource(git: GitObjects, commit: CommitId, root = "", member = ""): Promise<SourceTree> {
  const id = await commitTreeId(git, commit, root);
  if (id === null) throw root === "" ? commitMissing(commit) : rootMissing(root);
  const entries = await listEntries(treeReader(git), id, member);
  const files = [...READ_FILES, ...LOCK_FILES, ...(member === "" ? [] : READ_FILES.map((name) => `${member}/${name}`))];
  const named = [...entries.keys()].filter((path) => READ_NAMES.includes(path.slice(path.lastIndexOf("/") + 1)));
  const wanted = [...new Set([...files, ...named])];
  const texts = await Promise.all(wanted.map((path) => readText(git, entries.get(path), path)));
  return {
    id,
    entries: new Map(
      [...entries].map(([path, { kind, id: entryId }]) => [path, { type: kind === "executable" ? "file" : kind, id: entryId }]),
    ),
    texts: new Map(texts.filter((text) => text !== null)),
  };
}

export interface ReadCommit {
  readonly source: SourceTree;
  readonly settings: BuildSettings;
}

/** pushboat.yml and app.json lie at the repository's root; pushboat.yml says where the app's own root is. */
export async function readCommit(
  git: GitObjects,
  { app, environment, commit }: Pick<BuildRequest, "app" | "environment" | "commit">,
): Promise<ReadCommit> {
  const id = await commitTreeId(git, commit);
  if (id === null) throw commitMissing(commit);
  const tree = await treeReader(git)(id, "");
  const textOf = async (name: string) => (await readText(git, tree.get(name), name))?.[1] ?? null;
  const [pushboatYml, appJson] = await Promise.all([textOf("pushboat.yml"), textOf("app.json")]);
  const settings = readBuildSettings({ pushboatYml, appJson, kind: environment === (app as string) ? "production" : "review" });
  const root = rootOf(settings);
  const workspace = root === "" || settings.dockerfile !== undefined ? null : await readSource(git, commit, "", root);
  if (workspace !== null && isWorkspaceMember(workspace, root)) {
    const { root: _, ...ofRepository } = settings;
    return { source: { ...workspace, member: root }, settings: ofRepository };
  }
  return { source: await readSource(git, commit, root), settings };
}

/** Without a slash at its end; empty: the whole repository. */
export function rootOf({ root = "" }: BuildSettings): string {
  const path = root.replace(/^(?:\.\/)+|\/+$/g, "");
  return path === "." ? "" : path;
}

async function listEntries(read: ReadTree, id: string, member: string): Promise<ReadonlyMap<string, TreeEntry>> {
  const entries = new Map<string, TreeEntry>();
  let listed = 0;
  const list = async (treeId: string, prefix: string): Promise<void> => {
    const tree = await read(treeId, prefix);
    for (const entry of tree.values()) entries.set(prefix + readable(entry.name), entry);
    const isBelow = (name: string): boolean => leadsTo(prefix, name, member) || isListed(prefix, name, tree);
    const below = [...tree.values()].filter((entry) => entry.kind === "directory" && isBelow(readable(entry.name)));
    const chosen = below.slice(0, Math.max(0, MAX_LISTED_DIRECTORIES - listed));
    listed += chosen.length;
    await Promise.all(chosen.map((entry) => list(entry.id, `${prefix}${readable(entry.name)}/`)));
  };
  await list(id, "");
  return entries;
}

/** A package of a workspace may lie anywhere. */
function leadsTo(prefix: string, name: string, member: string): boolean {
  return `${member}/`.startsWith(`${prefix}${name}/`);
}

function isListed(prefix: string, name: string, beside: Tree): boolean {
  if (prefix === "") return !UNLISTED_DIRECTORIES.includes(name);
  return (
    PARENT_DIRECTORIES.includes(prefix.slice(0, -1)) || COMMAND_DIRECTORIES.includes(name) || (name === "src" && beside.has("Cargo.toml"))
  );
}

function commitMissing(commit: CommitId): PushboatError {
  return new PushboatError({
    code: "build/commit-missing",
    message: `The repository has no commit ${commit.slice(0, 12)}`,
    hint: "Push the branch again.",
    kind: "platform",
  });
}

function rootMissing(root: string): PushboatError {
  return new PushboatError({
    code: "build/root",
    message: `pushboat.yml: build/root: there is no directory ${quote(root)} in this commit`,
    hint: "Write the path of the app's directory as it is in the repository, for example apps/web.",
  });
}

async function readText(git: GitObjects, entry: TreeEntry | undefined, name: string): Promise<[string, string] | null> {
  if (entry?.kind !== "file" && entry?.kind !== "executable") return null;
  let sizeBytes = 0;
  const chunks: Buffer[] = [];
  await git.stream(entry.id, {
    header: (header) => {
      sizeBytes = header.sizeBytes;
    },
    chunk: (bytes) => {
      if (sizeBytes <= MAX_TEXT_BYTES) chunks.push(bytes);
    },
    end: () => {},
  });
  if (sizeBytes > MAX_TEXT_BYTES && LOCK_FILES.includes(name)) return null;
  if (sizeBytes > MAX_TEXT_BYTES) {
    throw new PushboatError({
      code: "build/text-too-large",
      message: `${name} has ${Math.round(sizeBytes / 1024 / 1024)} MB, more than the ${MAX_TEXT_BYTES / 1024 / 1024} MB that are read`,
      hint: `Make ${name} smaller and push again.`,
    });
  }
  return [name, Buffer.concat(chunks).toString("utf8")];
}
