/** nginx from Debian's packages, without installing them: unpacked in a sandbox on the base image. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SERVE_STATIC } from "../buildpacks/index.ts";
import type { LanguageLayerSpec } from "./language-layer.ts";
import { MIME_TYPES, SERVE, UNPACK } from "./nginx-recipe.ts";
import { runAsRoot } from "./packages-layer.ts";

export async function fillNginxLayer(spec: LanguageLayerSpec, draft: string, files: string): Promise<void> {
  const upper = await runAsRoot(spec, draft, { title: "unpacking nginx", layers: [], command: UNPACK });
  await rename(join(upper, "layer", "usr"), join(files, "usr"));
  write(join(files, SERVE_STATIC), SERVE, 0o755);
  write(join(files, "usr/local/lib/pushboat/mime.types"), MIME_TYPES, 0o644);
}

function write(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, text);
  chmodSync(path, mode);
}
