/** The builder: Source -> Image. Layers and images on the disk, build steps in the sandbox that is handed in. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Builder, Sandbox, Settings } from "../core/index.ts";
import { ensureBaseLayer } from "./base-layer.ts";
import { buildImage } from "./build.ts";
import { diskUsage } from "./disk-usage.ts";
import { forecastBuild } from "./forecast.ts";
import type { GitUser } from "./git-objects.ts";
import { createImageStore } from "./image-store.ts";
import { takeImage } from "./import/take.ts";
import { createLayerStore } from "./layer-store.ts";
import { createLeases } from "./leases.ts";
import { createNpmRegistry } from "./npm-registry.ts";
import { exportImage } from "./oci/export.ts";
import { type BuilderLimits, DEFAULT_LIMITS, type Parts } from "./parts.ts";
import { sweepStore } from "./sweep.ts";
import { createWhiteouts } from "./whiteout.ts";

export type { BuilderLimits } from "./parts.ts";

export interface BuilderOptions {
  readonly settings: Settings;
  readonly sandbox: Sandbox;
  readonly gitUser: GitUser;
  readonly log: Logger;
  readonly limits?: Partial<BuilderLimits>;
  readonly now?: () => number;
}

export function createBuilder({ settings, sandbox, gitUser, log, limits, now = Date.now }: BuilderOptions): Builder {
  const { dataDirectory, cacheDirectory } = settings;
  const versionsDirectory = join(cacheDirectory, "versions");
  const store = createLayerStore(join(dataDirectory, "layers"), join(dataDirectory, "builds"));
  const parts: Parts = {
    store,
    cache: createLayerStore(join(cacheDirectory, "layers"), join(cacheDirectory, "builds")),
    images: createImageStore(join(dataDirectory, "images")),
    leases: createLeases(),
    whiteouts: createWhiteouts(store.directory),
    registry: createNpmRegistry(cacheDirectory, versionsDirectory, now),
    sandbox,
    gitUser,
    dataDirectory,
    versionsDirectory,
    limits: { ...DEFAULT_LIMITS, cacheBudgetBytes: settings.cacheBudgetBytes, layerBudgetBytes: settings.layerBudgetBytes, ...limits },
    now,
  };
  return {
    async prepare(onEvent) {
      await ensureBaseLayer(parts.cache, onEvent);
    },
    async build(request) {
      const startedMs = performance.now();
      const image = await buildImage(parts, request);
      log.info({ environment: request.environment, digest: image.digest, ms: Math.round(performance.now() - startedMs) }, "image built");
      return image;
    },
    importImage: (request) => takeImage(parts, request),
    forecast: (request) => forecastBuild(parts, request),
    async image(digest) {
      return parts.images.find(digest)?.image ?? null;
    },
    async layerBytes(layer) {
      const record = store.find(layer.id) ?? parts.cache.find(layer.id);
      if (record !== null && record.directories.length === 1) return record.sizeBytes;
      const bytesOf = await diskUsage(layer.directories);
      return [...bytesOf.values()].reduce((sum, bytes) => sum + bytes, 0);
    },
    exportOci: (image, directory, tag) => exportImage(parts, image, directory, tag),
    async removeDrafts() {
      await Promise.all(store.drafts().map((path) => rm(path, { recursive: true, force: true })));
    },
    sweep: (keptDigests, layerBudgetBytes = parts.limits.layerBudgetBytes) => sweepStore(parts, keptDigests, layerBudgetBytes),
  };
}
