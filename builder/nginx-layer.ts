/** nginx from Debian's packages, without installing them: unpacked in a sandbox on the base image. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SERVE_STATIC } from "../buildpacks/index.ts";
import type { LanguageLayerSpec } from "./language-layer.ts";
import { MIME_TYPES, SERVE, UNPACK } from "./nginx-recipe.ts";
import { runStep, STEP_LIMITS } from "./step.ts";

export async function fillNginxLayer(spec: LanguageLayerSpec, draft: string, files: string): Promise<void> {
  const upper = join(draft, "upper");
  mkdirSync(upper, { mode: 0o755 });
  await runStep({
    sandbox: spec.sandbox,
    name: "nginx",
    title: "unpacking nginx",
    layers: [spec.cache.layer(spec.base)],
    upperDirectory: upper,
    binds: [],
    command: UNPACK,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    user: "root",
    limits: STEP_LIMITS,
    // A failure carries the last lines; the rest is nothing that a pusher asked for.
    onEvent: () => {},
    signal: spec.signal,
  });
  await rename(join(upper, "layer", "usr"), join(files, "usr"));
  write(join(files, SERVE_STATIC), SERVE, 0o755);
  write(join(files, "usr/local/lib/pushboat/mime.types"), MIME_TYPES, 0o644);
}

function write(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, text);
  chmodSync(path, mode);
}
