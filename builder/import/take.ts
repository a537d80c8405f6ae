/** An image from a registry or a file: fetched by skopeo as a whole inside a sandbox, its layers made ours. */
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Image, type ImageRequest, type ImageSource, PushboatError, quote, type SandboxBind } from "../../core/index.ts";
import { ensureBaseLayer } from "../base-layer.ts";
import { refuseFullDisk } from "../disk.ts";
import { ensureImageTools } from "../dockerfile/image-tools.ts";
import type { Parts } from "../parts.ts";
import { phase } from "../phase.ts";
import { stepFailure } from "../step.ts";
import { importImage } from "./image.ts";
import { readImageDirectory } from "./image-directory.ts";
import { authFile, COPY_SCRIPT, copyFailure, INSIDE_SOURCE, skopeoSource } from "./source.ts";
import { runTool } from "./tool.ts";

export function takeImage(parts: Parts, request: ImageRequest): Promise<Image> {
  const title = request.source.kind === "docker" ? request.source.reference : request.source.path;
  return phase(request.onEvent, "build", `Taking the image ${title}`, () => take(parts, request));
}

async function take(parts: Parts, request: ImageRequest): Promise<Image> {
  const { source, onEvent, signal } = request;
  await refuseFullDisk(parts.dataDirectory, parts.limits.freeDiskPercent, request.onEvent);
  const binds = sourceBinds(source);
  const base = parts.cache.layer(await ensureBaseLayer(parts.cache, onEvent, signal));
  const tools = await ensureImageTools({ parts, base, onEvent, signal });
  const draft = parts.store.draft("image");
  try {
    const [upper, output] = [join(draft, "upper"), join(draft, "out")];
    for (const directory of [upper, output]) mkdirSync(directory, { mode: 0o755 });
    const outcome = await runTool({
      sandbox: parts.sandbox,
      name: `image-${request.app}`,
      layers: [base, tools],
      upperDirectory: upper,
      binds: [...binds, { source: output, target: "/out", readOnly: false }],
      script: COPY_SCRIPT,
      args: [skopeoSource(source)],
      env: { PUSHBOAT_REGISTRIES: request.logins.length === 0 || source.kind !== "docker" ? "" : authFile(request.logins) },
      network: source.kind === "docker" ? "registry" : "none",
      nests: false,
      limits: parts.limits.step,
      signal,
    });
    if (outcome.timedOut || outcome.outOfMemory) throw stepFailure("fetching the image", outcome, outcome.lastLines, parts.limits.step);
    if (outcome.exitCode !== 0) throw copyFailure(source, outcome.lastLines);
    return await importImage({
      parts,
      name: `image-${request.app}`,
      base,
      known: new Map(),
      image: await readImageDirectory(output),
      directory: output,
      procfile: {},
      from: "the image",
      onEvent,
      signal,
    });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function sourceBinds(source: ImageSource): readonly SandboxBind[] {
  if (source.kind === "docker") return [];
  const wanted = source.kind === "oci" ? "directory" : "file";
  const fits = existsSync(source.path) && (source.kind === "oci" ? statSync(source.path).isDirectory() : statSync(source.path).isFile());
  if (fits) return [{ source: source.path, target: INSIDE_SOURCE, readOnly: true }];
  throw new PushboatError({
    code: "image/no-file",
    message: `${quote(source.path)} is no ${wanted} of this server`,
    hint: "Give an absolute path: apps:deploy blog oci-archive:/tmp/blog.tar",
  });
}
