/** One commit: its tree for the buildpacks, and the trees below it for the app layer. */
import { LISTED_DIRECTORIES, READ_FILES, type SourceEntry, type SourceTree } from "../buildpacks/index.ts";
import { type CommitId, PushboatError } from "../core/index.ts";
import type { GitObjects } from "./git-objects.ts";
import { type BytePath, parseTree, readable, type Tree, type TreeEntry } from "./tree.ts";
import type { ReadTree } from "./tree-changes.ts";

/** A package.json above this is a mistake; the largest on the npm registry are below 1 MB. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/** The tree id of a commit; null where the repository has no such commit (any more). */
export async function commitTreeId(git: GitObjects, commit: CommitId): Promise<string | null> {
  return (await git.read(`${commit}^{tree}`))?.header.id ?? null;
}

export function treeReader(git: GitObjects): ReadTree {
  return async (id: string, path: BytePath): Promise<Tree> => {
    const object = await git.read(id);
    if (object?.header.type !== "tree") throw new Error(`tree ${id} is missing`);
    return parseTree(object.body, id.length / 2, path);
  };
}

export async function readSource(git: GitObjects, commit: CommitId): Promise<SourceTree> {
  const id = await commitTreeId(git, commit);
  if (id === null) {
    throw new PushboatError({
      code: "build/commit-missing",
      message: `The repository has no commit ${commit.slice(0, 12)}`,
      hint: "Push the branch again.",
      kind: "platform",
    });
  }
  const read = treeReader(git);
  const root = await read(id, "");
  const listed = await Promise.all(
    LISTED_DIRECTORIES.map(async (name) => {
      const entry = root.get(name);
      return entry?.kind === "directory" ? entriesOf(await read(entry.id, `${name}/`), `${name}/`) : [];
    }),
  );
  const texts = await Promise.all(READ_FILES.map((name) => readText(git, root.get(name), name)));
  return {
    id,
    entries: new Map([...entriesOf(root, ""), ...listed.flat()]),
    texts: new Map(texts.filter((text) => text !== null)),
  };
}

function entriesOf(tree: Tree, prefix: string): [string, SourceEntry][] {
  return [...tree.values()].map(({ name, kind, id }) => [prefix + readable(name), { type: kind === "executable" ? "file" : kind, id }]);
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
  if (sizeBytes > MAX_TEXT_BYTES) {
    throw new PushboatError({
      code: "build/text-too-large",
      message: `${name} has ${Math.round(sizeBytes / 1024 / 1024)} MB, more than the ${MAX_TEXT_BYTES / 1024 / 1024} MB that are read`,
      hint: `Make ${name} smaller and push again.`,
    });
  }
  return [name, Buffer.concat(chunks).toString("utf8")];
}
