/** A source tree as a map of file names: what the buildpacks' tests are written in. */
import { createHash } from "node:crypto";
import { READ_FILES, type SourceEntry, type SourceTree } from "../../../buildpacks/index.ts";

export function sourceOf(files: Readonly<Record<string, string>>): SourceTree {
  const entries = new Map<string, SourceEntry>();
  for (const [path, content] of Object.entries(files)) {
    entries.set(path, { type: "file", id: hash(content) });
    const slash = path.indexOf("/");
    if (slash > 0) entries.set(path.slice(0, slash), { type: "directory", id: hash(path.slice(0, slash)) });
  }
  const texts = new Map(Object.entries(files).filter(([path]) => (READ_FILES as readonly string[]).includes(path)));
  return { id: hash(JSON.stringify(files)), entries, texts };
}

export function packageJson(fields: object): string {
  return JSON.stringify({ name: "blog", version: "1.0.0", ...fields });
}

function hash(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
