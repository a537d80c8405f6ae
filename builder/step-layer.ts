/** The layer that a step makes: what it sees is laid out, it runs, what it wrote is kept. */
import { chmodSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { chown, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { KeptOutput } from "../buildpacks/index.ts";
import { APP_GID, APP_UID, type EventSink, type Layer, type LayerId, type Sandbox } from "../core/index.ts";
import { layOutMountPoints, type OpenCaches } from "./caches.ts";
import { bytesOnDisk } from "./disk-usage.ts";
import { flush } from "./flush.ts";
import { runOnHost } from "./host-command.ts";
import { contentTime } from "./layer-files.ts";
import type { LayerRecord, LayerStore } from "./layer-store.ts";
import type { ResolvedStep } from "./resolve.ts";
import { findSite, isDirectory } from "./site-output.ts";
import { runStep, type StepLimits } from "./step.ts";

export interface StepLayerSpec {
  readonly store: LayerStore;
  readonly sandbox: Sandbox;
  readonly step: ResolvedStep;
  /** `build-blog-deps`: names kernel objects. */
  readonly name: string;
  /** What the step stands on, lowest first. */
  readonly layers: readonly Layer[];
  readonly caches: OpenCaches;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: StepLimits;
  /** Fills a directory with the files that the step sees; null: they are in the layers. */
  readonly layOut: ((directory: string) => Promise<void>) | null;
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

const MANY_FILES = 10_000;

export async function makeStepLayer(spec: StepLayerSpec): Promise<LayerRecord> {
  const { store, step } = spec;
  // A script of several lines is called by its title.
  const shown = step.plan.command.includes("\n") ? step.plan.title : step.plan.command;
  const draft = store.draft("step");
  const startedMs = Date.now();
  try {
    const upper = join(draft, "upper");
    const seen = join(draft, "seen");
    const mountPoints = join(draft, "mounts");
    for (const directory of [upper, seen, mountPoints]) {
      mkdirSync(directory);
      chmodSync(directory, 0o755);
    }
    if (spec.layOut !== null) await spec.layOut(seen);
    layOutMountPoints(mountPoints, spec.caches.inApp);
    const below = [...(spec.layOut === null ? [] : [seen]), ...(spec.caches.inApp.length === 0 ? [] : [mountPoints])];
    const laidOut: Layer[] = below.length === 0 ? [] : [{ id: "seen", kind: "app", title: "seen files", directories: below }];
    await runStep({
      sandbox: spec.sandbox,
      name: spec.name,
      title: shown,
      layers: [...spec.layers, ...laidOut],
      upperDirectory: upper,
      binds: spec.caches.binds,
      command: step.plan.command,
      env: { ...spec.env, ...step.plan.env },
      user: "app",
      limits: spec.limits,
      onEvent: spec.onEvent,
      signal: spec.signal,
    });
    const kept = join(draft, "kept");
    await keepOutput(upper, kept, step.plan.keeps, shown);
    await setTimes(kept, step.id);
    await flush(kept, MANY_FILES);
    const record: LayerRecord = {
      id: step.id,
      kind: step.plan.kind,
      title: step.plan.title,
      directories: [step.id],
      inputs: step.inputs,
      sizeBytes: await bytesOnDisk(kept),
      createdMs: startedMs,
    };
    await store.add(record, kept);
    return record;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Everything outside /app is the step's own business (/tmp, caches) and stays out of the image. */
async function keepOutput(upper: string, kept: string, keeps: KeptOutput, command: string): Promise<void> {
  mkdirSync(kept);
  chmodSync(kept, 0o755);
  const app = join(upper, "app");
  if (keeps.kind === "site") {
    await move(findSite(app, keeps.candidates, command), join(kept, "app/site"));
  } else if (keeps.kind === "only") {
    if (isDirectory(join(app, keeps.path))) await move(join(app, keeps.path), join(kept, "app", keeps.path));
  } else {
    for (const path of keeps.except) await removeBelow(app, path);
    if (isDirectory(app)) await rename(app, join(kept, "app"));
  }
  if (!existsSync(join(kept, "app"))) await makeAppDirectory(join(kept, "app"));
}

const TIMES_TIMEOUT_MS = 60_000;

/**
 * The same inputs give the same times, other inputs others: a layer that is made again is the same, and ETags of size and time stay
 * true. Links are not followed.
 */
async function setTimes(kept: string, id: LayerId): Promise<void> {
  const date = `@${contentTime(id.slice(id.lastIndexOf("-") + 1))}`;
  const argv = ["find", kept, "-exec", "touch", "--no-dereference", `--date=${date}`, "{}", "+"] as const;
  await runOnHost({ argv: [...argv], timeoutMs: TIMES_TIMEOUT_MS });
}

/** Never through a link: a build may have put one where a directory is expected. */
async function removeBelow(app: string, path: string): Promise<void> {
  const parts = path.split("/");
  const parents = parts.map((_, index) => join(app, ...parts.slice(0, index)));
  if (parents.every(isDirectory)) await rm(join(app, path), { recursive: true, force: true });
}

async function move(from: string, to: string): Promise<void> {
  await makeAppDirectory(dirname(to));
  await rename(from, to);
}

async function makeAppDirectory(path: string): Promise<void> {
  mkdirSync(path);
  chmodSync(path, 0o755);
  await chown(path, APP_UID, APP_GID);
}
