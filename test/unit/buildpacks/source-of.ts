/** A source tree as a map of file names: what the buildpacks' tests are written in. */
import { createHash } from "node:crypto";
import { LOCK_FILES, READ_FILES, READ_NAMES, type SourceTree } from "../../../buildpacks/index.ts";

export type Files = Readonly<Record<string, string>>;

export function sourceOf(files: Files): SourceTree {
  const entries = new Map<string, { type: "file" | "directory"; id: string }>();
  for (const [path, content] of Object.entries(files)) {
    entries.set(path, { type: "file", id: hash(content) });
    for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
      entries.set(path.slice(0, slash), { type: "directory", id: hash(path.slice(0, slash)) });
    }
  }
  const member =
    Object.keys(files)
      .find((path) => /^apps\/[^/]+\/package\.json$/.test(path))
      ?.replace("package.json", "") ?? "";
  const texts = new Map(Object.entries(files).filter(([path]) => isRead(path) || (member !== "" && isRead(path.replace(member, "")))));
  return { id: hash(JSON.stringify(files)), entries, texts };
}

export function packageJson(fields: object): string {
  return JSON.stringify({ name: "blog", version: "1.0.0", ...fields });
}

function isRead(path: string): boolean {
  return [...READ_FILES, ...LOCK_FILES].includes(path) || READ_NAMES.includes(path.slice(path.lastIndexOf("/") + 1));
}

function hash(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
