/**
 * Dockerfile -> Image: the commit's files are the context; buildah runs as a whole in a sandbox (its ADDs and pulls as well as its
 * RUN steps); the layers that it made become ours.
 */
import { chmodSync, mkdirSync, rmSync, utimesSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { SourceTree } from "../../buildpacks/index.ts";
import { type BuildRequest, type Image, type Layer, PushboatError, parseProcfile, quote } from "../../core/index.ts";
import { makeAppLayer } from "../app-layer.ts";
import { ensureBaseLayer } from "../base-layer.ts";
import { refuseFullDisk } from "../disk.ts";
import type { GitObjects } from "../git-objects.ts";
import { withHostLock } from "../host-lock.ts";
import { sha256 } from "../identity.ts";
import { isWhole } from "../image.ts";
import { importImage } from "../import/image.ts";
import { readImageDirectory } from "../import/image-directory.ts";
import { authFile } from "../import/source.ts";
import { runTool, type ToolOutcome } from "../import/tool.ts";
import type { Parts } from "../parts.ts";
import { phase } from "../phase.ts";
import { whyBuilt } from "../resolve.ts";
import { commitTreeId } from "../source.ts";
import { BUILD_SCRIPT, buildahArgs, buildahEnv, EXIT, INSIDE, isNoise, PULL_SCRIPT, privateBases } from "./command.ts";
import { dockerfileFailure, privateBaseFailure } from "./failure.ts";
import { ensureImageTools, imageToolsId } from "./image-tools.ts";
import { baseImages, buildsFrom, declaredArguments, type Instruction, readInstructions } from "./instructions.ts";
import { ensureOfferedBase, OFFERED_BASE } from "./offered-base.ts";
import type { DockerfilePlan } from "./plan.ts";

export interface DockerfileBuild {
  readonly parts: Parts;
  readonly request: BuildRequest;
  readonly git: GitObjects;
  readonly source: SourceTree;
  /** The app's directory in the repository; empty: all of it. */
  readonly root: string;
  readonly plan: DockerfilePlan;
}

const STEP_NAME = "dockerfile";

export async function buildDockerfile(build: DockerfileBuild): Promise<Image> {
  const { parts, request, plan } = build;
  const dockerfile = await phase(request.onEvent, "plan", `Dockerfile: ${plan.reason}`, async () => {
    await refuseFullDisk(parts.dataDirectory, parts.limits.freeDiskPercent, request.onEvent);
    return readDockerfile(build);
  });
  const inputs = dockerfileInputs(build);
  const last = parts.images.lastBuild(request.environment);
  const release = parts.leases.hold(last?.layers ?? []);
  try {
    return await phase(request.onEvent, "build", "Building the Dockerfile", async () => {
      const startedMs = performance.now();
      const reason = request.noCache ? "a push with no-cache" : whyBuilt(last?.steps[STEP_NAME] ?? null, inputs);
      const same = reason === SWEPT && last !== null ? wholeImage(parts, last.digest) : null;
      if (same !== null) {
        const durationMs = performance.now() - startedMs;
        request.onEvent({ kind: "layer", title: plan.path, reused: true, reason: "nothing that it sees changed", durationMs });
        return same;
      }
      request.onEvent({ kind: "detail", text: `${plan.path}: ${reason}` });
      return await make(build, dockerfile, inputs);
    });
  } finally {
    release();
  }
}

export function forecastDockerfile(parts: Parts, build: Pick<DockerfileBuild, "request" | "source" | "plan">): readonly string[] {
  const last = parts.images.lastBuild(build.request.environment);
  const why = whyBuilt(last?.steps[STEP_NAME] ?? null, dockerfileInputs(build));
  const reused = why === SWEPT && last !== null && wholeImage(parts, last.digest) !== null;
  return [
    `Dockerfile: ${build.plan.reason}`,
    `${build.plan.path}: ${reused ? "would be reused" : `would be built (${why}); steps that did not change come from its cache`}`,
  ];
}

function wholeImage(parts: Parts, digest: string): Image | null {
  const image = parts.images.find(digest)?.image ?? null;
  return image !== null && isWhole(parts, image) ? image : null;
}

/** What whyBuilt says where no input differs. */
const SWEPT = whyBuilt({}, {});

/** Everything that decides what comes out, by names for a reader. What a RUN step fetches is not among them, as everywhere. */
export function dockerfileInputs({
  request,
  source,
  plan,
}: Pick<DockerfileBuild, "request" | "source" | "plan">): Readonly<Record<string, string>> {
  return {
    "the source": source.id,
    "the Dockerfile's name": plan.path,
    ...Object.fromEntries(Object.entries(plan.args).map(([name, value]) => [`build/args/${name}`, sha256(value)])),
    ...Object.fromEntries(Object.entries(visibleConfig(request, plan)).map(([name, value]) => [`the config ${name}`, sha256(value)])),
    "the build tools": imageToolsId(process.arch),
  };
}

export function visibleConfig(
  { config = {} }: Pick<BuildRequest, "config">,
  { configKeys }: DockerfilePlan,
): Readonly<Record<string, string>> {
  return Object.fromEntries(configKeys.flatMap((key) => (config[key] === undefined ? [] : [[key, config[key]]])));
}

async function readDockerfile({ git, source, plan }: DockerfileBuild): Promise<string> {
  const object = await git.read(`${source.id}:${plan.path}`);
  if (object?.header.type === "blob") return object.body.toString("utf8");
  throw new PushboatError({
    code: "build/no-dockerfile",
    message: `There is no file ${quote(plan.path)} in this commit (${plan.reason})`,
    hint: "Add it, or name the right one in pushboat.yml:\n  build:\n    dockerfile: deploy/Dockerfile",
  });
}

async function make(build: DockerfileBuild, dockerfile: string, inputs: Readonly<Record<string, string>>): Promise<Image> {
  const { parts, request, plan, source } = build;
  const { onEvent, signal } = request;
  const base = parts.cache.layer(await ensureBaseLayer(parts.cache, onEvent, signal));
  const tools = await ensureImageTools({ parts, base, onEvent, signal });
  const context = await contextLayer(build);
  const instructions = readInstructions(dockerfile);
  const offered = buildsFrom(instructions, OFFERED_BASE) ? await ensureOfferedBase(parts, base, signal) : null;
  const draft = parts.store.draft("dockerfile");
  try {
    const output = join(draft, "out");
    mkdirSync(output, { mode: 0o755 });
    await runBuildah({
      build,
      dockerfile,
      instructions,
      layers: [base, tools, context],
      draft,
      output,
      offered: offered?.directory ?? null,
      base,
    });
    const image = await importImage({
      parts,
      name: `build-${request.app}`,
      base,
      known: new Map(offered === null ? [] : [[offered.diffId, base]]),
      image: await readImageDirectory(output),
      directory: output,
      procfile: parseProcfile(source.texts.get("Procfile") ?? ""),
      from: plan.path,
      onEvent,
      signal,
    });
    const layers = [...new Set([...image.layers, context].map(({ id }) => id))];
    parts.store.touch(layers);
    parts.images.saveLastBuild(request.environment, { digest: image.digest, steps: { [STEP_NAME]: inputs }, salt: "", layers });
    return image;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The same delta layer that any other build of the commit has: a context of 100 MB costs what changed in it. */
async function contextLayer({ parts, request, git, source, root }: DockerfileBuild): Promise<Layer> {
  const startedMs = performance.now();
  const previousTree = request.previousCommit === null ? null : await commitTreeId(git, request.previousCommit, root);
  const made = await makeAppLayer({ ...parts, git, tree: source.id, previousTree, salt: "", maxFileBytes: parts.limits.maxFileBytes });
  request.onEvent({ kind: "layer", title: "context", reused: made.reused, reason: made.reason, durationMs: performance.now() - startedMs });
  return made.layer;
}

interface BuildahRun {
  readonly build: DockerfileBuild;
  readonly dockerfile: string;
  readonly instructions: readonly Instruction[];
  readonly base: Layer;
  readonly layers: readonly Layer[];
  readonly draft: string;
  readonly output: string;
  readonly offered: string | null;
}

async function runBuildah(run: BuildahRun): Promise<void> {
  const { parts, request } = run.build;
  const storage = storageOf(parts, request);
  mkdirSync(storage, { recursive: true, mode: 0o711 });
  utimesSync(storage, new Date(), new Date()); // and with them its ctime, by which the least recently used goes
  await withHostLock(join(storage, ".lock"), request.signal, async () => {
    if (request.noCache) await rm(join(storage, "containers"), { recursive: true, force: true });
    await untilReached(parts.limits.step.retryDelaysMs, request, () => buildRepaired(run, storage));
  });
}

/** What could not reach its registry is tried again; buildah goes on where it stopped. Pure but for the wait. */
export async function untilReached(
  delaysMs: readonly number[],
  { onEvent, signal }: Pick<BuildRequest, "onEvent" | "signal">,
  attempt: () => Promise<PushboatError | null>,
): Promise<void> {
  for (const delayMs of [...delaysMs, null]) {
    const failure = await attempt();
    if (failure === null) return;
    if (failure.kind !== "transient" || delayMs === null) throw failure;
    onEvent({ kind: "warning", text: `${failure.message}; it is tried again in ${delayMs / 1000} s` });
    await setTimeout(delayMs, undefined, { signal });
  }
}

async function buildRepaired(run: BuildahRun, storage: string): Promise<PushboatError | null> {
  const { parts, plan } = run.build;
  const unfetched = await fetchPrivateBases(run, storage);
  if (unfetched !== null) return unfetched;
  const first = await buildOnce(run, storage);
  // A machine that went down in the middle of a build may leave a storage that nothing can be made of.
  const damaged = first.exitCode === EXIT.base || first.exitCode === EXIT.output;
  if (damaged) await rm(join(storage, "containers"), { recursive: true, force: true });
  return dockerfileFailure(damaged ? await buildOnce(run, storage) : first, plan.path, run.instructions, parts.limits.step);
}

/** Base images of registries that the app has a login for; null: there are none, or they are there. */
async function fetchPrivateBases({ build, layers, draft, instructions }: BuildahRun, storage: string): Promise<PushboatError | null> {
  const { parts, request, plan } = build;
  const args = { ...visibleConfig(request, plan), ...plan.args };
  const { images, logins } = privateBases(baseImages(instructions, args), request.logins ?? []);
  if (images.length === 0) return null;
  request.onEvent({ kind: "detail", text: `Fetching ${images.join(", ")} with the app's login` });
  const upper = join(draft, "fetched");
  rmSync(upper, { recursive: true, force: true });
  mkdirSync(upper, { mode: 0o755 });
  const outcome = await runTool({
    sandbox: parts.sandbox,
    name: `build-${request.app}-bases`,
    layers,
    upperDirectory: upper,
    binds: [{ source: join(storage, "containers"), target: INSIDE.storage, readOnly: false, mapOwners: false }],
    script: PULL_SCRIPT,
    args: images,
    env: { ...buildahEnv({}), PUSHBOAT_REGISTRIES: authFile(logins) },
    network: "registry",
    nests: true,
    limits: parts.limits.step,
    signal: request.signal,
  });
  return privateBaseFailure(outcome, plan.path, parts.limits.step);
}

async function buildOnce(
  { build, dockerfile, instructions, layers, draft, output, offered, base }: BuildahRun,
  storage: string,
): Promise<ToolOutcome> {
  const { parts, request, plan } = build;
  const upper = join(draft, "upper");
  rmSync(upper, { recursive: true, force: true });
  rmSync(output, { recursive: true, force: true });
  for (const directory of [upper, output]) mkdirSync(directory);
  chmodSync(upper, 0o755);
  const visible = visibleConfig(request, plan);
  const tag = `localhost/pushboat-built/${sha256(request.environment).slice(0, 16)}`;
  const declared = declaredArguments(instructions);
  const args = buildahArgs({ plan, dockerfile, declared, visible, noCache: request.noCache, tag });
  return runTool({
    sandbox: parts.sandbox,
    name: `build-${request.app}-dockerfile`,
    layers,
    upperDirectory: upper,
    binds: [
      { source: join(storage, "containers"), target: INSIDE.storage, readOnly: false, mapOwners: false },
      { source: output, target: INSIDE.output, readOnly: false },
      ...(offered === null ? [] : [{ source: offered, target: INSIDE.offeredBase, readOnly: true }]),
    ],
    script: BUILD_SCRIPT,
    args: [tag, offered === null ? "" : OFFERED_BASE, base.id, ...args],
    env: buildahEnv(visible),
    network: "registry",
    nests: true,
    limits: parts.limits.step,
    onLine: (text) => {
      if (!isNoise(text)) request.onEvent({ kind: "output", source: plan.path, text });
    },
    signal: request.signal,
  });
}

/** Branches share one storage that production never reads: whoever may push a branch cannot plant a layer in production. */
function storageOf(parts: Parts, { app, environment }: BuildRequest): string {
  return join(parts.dataDirectory, "cache", "dockerfile", app, environment === (app as string) ? "production" : "branches");
}
