/** The product's own source files: what users run, without tests and benchmarks. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const FOLDERS = ["core", "receiver", "builder", "buildpacks", "runtime", "router", "control", "cli"];

export interface ProductSource {
  readonly path: string;
  readonly text: string;
}

export function productSources(): readonly ProductSource[] {
  const paths = globSync(["*.ts", ...FOLDERS.map((folder) => `${folder}/**/*.ts`)], { cwd: ROOT });
  return paths.toSorted().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

export function repositoryPath(path: string): string {
  return join(ROOT, path);
}
