/** Lays out the files that a step may see, and nothing else, as the lowest layer of its /app. */
import { chmodSync, chownSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StepPlan } from "../buildpacks/index.ts";
import { APP_GID, APP_UID } from "../core/index.ts";
import { contentTime, writeLayerFiles } from "./layer-files.ts";
import type { BuildContext } from "./layers.ts";
import type { Parts } from "./parts.ts";
import { seenPackageJson } from "./resolve.ts";
import { treeReader } from "./source.ts";
import type { TreeEntry } from "./tree.ts";
import { type Change, treeChanges } from "./tree-changes.ts";

export async function layOutSeenFiles(parts: Parts, { git, source }: BuildContext, plan: StepPlan, directory: string): Promise<void> {
  if (plan.sees === "tree") throw new Error(`${plan.name} sees the whole tree`);
  const read = treeReader(git);
  const root = await read(source.id, "");
  const changes: Change[] = [];
  for (const { path, withoutScripts } of plan.sees) {
    const entry = root.get(path);
    if (entry === undefined || withoutScripts) continue;
    if (entry.kind === "directory") changes.push(...(await treeChanges(read, null, entry.id)).map((change) => below(path, change)));
    else if (entry.kind !== "submodule") changes.push({ kind: "put", path, entry });
  }
  await writeLayerFiles({ ...parts, git, directory, maxFileBytes: parts.limits.maxFileBytes }, changes);
  if (plan.sees.some(({ withoutScripts }) => withoutScripts))
    writeReducedPackageJson(join(directory, "app/package.json"), seenPackageJson(source), root.get("package.json"));
}

function below(path: string, change: Change): Change {
  return { ...change, path: `${path}/${change.path}` };
}

function writeReducedPackageJson(path: string, text: string, entry: TreeEntry | undefined): void {
  writeFileSync(path, text, { flag: "wx" });
  chmodSync(path, 0o644);
  chownSync(path, APP_UID, APP_GID);
  const seconds = contentTime(entry?.id ?? "0");
  utimesSync(path, seconds, seconds);
}
