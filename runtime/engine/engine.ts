/** Containers with their filesystem, network and limits as kernel objects: the parts put together. */
import { chmodSync, existsSync, mkdirSync, readdirSync, statfsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { PushboatError, type Settings } from "../../core/index.ts";
import { createAllowedFlows } from "./allowed.ts";
import { openBundle } from "./container/bundle.ts";
import { askToReopenLog } from "./container/conmon.ts";
import { startExec } from "./container/exec.ts";
import { exitOf } from "./container/exit.ts";
import { createExits } from "./container/exits.ts";
import { createImages, type Images } from "./container/images.ts";
import { type Output, type OutputSink, openOutput } from "./container/output.ts";
import { createOutputKeeper } from "./container/output-keeper.ts";
import { containerOf, readRecord, recordedIds } from "./container/record.ts";
import { killMakers, removeContainer } from "./container/removal.ts";
import { type StartDependencies, startMonitored } from "./container/start.ts";
import { createVolumes } from "./container/volumes.ts";
import type { ContainerExit, ContainerSpec, Engine, Pressure } from "./contract.ts";
import { readHostLimits } from "./host-limits.ts";
import { createCgroups } from "./kernel/cgroup.ts";
import { createKernelHelper } from "./kernel/helper.ts";
import { readMountPoints } from "./kernel/mounts.ts";
import { isAlive, sendSignal } from "./kernel/process.ts";
import { readCounters } from "./kernel/usage.ts";
import { createNetworks } from "./network/network.ts";
import { containerPaths, pathsOf } from "./paths.ts";
import { createPeers } from "./peers.ts";
import { requireMappedOverlays, tryImages } from "./preflight.ts";
import { ensureVolatile, giveBackIndex, reserveIndex } from "./reservation.ts";
import { linkPrefixOf, parseAddressPool, platformLimit, slicesOf } from "./slices.ts";

export interface EngineLog {
  warn(details: object, message: string): void;
}

export interface EngineOptions {
  readonly settings: Pick<Settings, "dataDirectory" | "runDirectory" | "platformId" | "addressPool">;
  readonly log: EngineLog;
}

/** The engine with what the build sandbox needs of it. */
export interface PushboatEngine extends Engine {
  /** A container that does not outlive us: runs to its end, is removed, and gives its output to the caller. Aborting kills it. */
  runAttached(spec: ContainerSpec, sink: OutputSink, signal: AbortSignal): Promise<ContainerExit>;
  /** Host uid that 0 is in builds. */
  buildUid(): number;
}

export function createEngine({ settings, log }: EngineOptions): PushboatEngine {
  const paths = pathsOf(settings);
  const { addressPool } = settings;
  const helper = createKernelHelper();
  const cgroups = createCgroups();
  const exits = createExits(paths.exits);
  const outputs = createOutputKeeper({
    onTakenOver: (id) => log.warn({ container: id }, "its conmon is gone: keeping its log from here, its exit code will not be known"),
    now: () => new Date(),
  });
  /** What the records say of writable layers, for those that are asked about again and again. */
  const disks = new Map<string, number | null>();
  let prepared: StartDependencies | null = null;
  let execs = 0;

  const ready = (): StartDependencies => {
    if (prepared !== null) return prepared;
    throw new PushboatError({ code: "engine/unprepared", message: "the engine was not prepared", kind: "platform" });
  };

  const records = () => recordedIds(paths).flatMap((id) => readRecord(paths, id) ?? []);

  const removal = () => ({ paths, cgroups, helper, networks: ready().networks });

  const remove = async (id: string): Promise<void> => {
    const { allowed, peers } = ready();
    outputs.letGo(id);
    disks.delete(id);
    cgroups.freeze(containerPaths(paths, id).cgroup, false);
    const slot = readRecord(paths, id)?.slot;
    await Promise.all([allowed.leave(id, slot ?? null), peers.leave(id)]);
    await removeContainer(id, removal());
  };

  /** What a killed process left half made, and build steps, which nobody waits for any more. */
  const sweep = async (): Promise<void> => {
    for (const id of recordedIds(paths)) {
      const record = readRecord(paths, id);
      if (record !== null && containerOf(record) !== null) continue;
      log.warn({ container: id }, "removing a container that was left half made");
      killMakers(id, paths);
      await remove(id);
    }
  };

  return {
    async prepare() {
      await ensureVolatile(paths.reservations.slice(0, paths.reservations.lastIndexOf("/")));
      makeDirectories();
      if (!readMountPoints().includes(paths.mounts)) await helper.makePrivate(paths.mounts);
      await requireMappedOverlays(paths, helper).catch(async (error: unknown) => {
        await helper.unmount([paths.mounts]);
        throw error;
      });
      const pool = parseAddressPool(addressPool);
      const index = reserveIndex(paths, { owner: settings.dataDirectory, limit: platformLimit(pool), inUse: hasLinks });
      const slices = slicesOf(index, settings.platformId, pool);
      const networks = createNetworks({
        slices,
        addressPool,
        helper,
        cursorFile: paths.addressCursor,
        forwardingDirectory: paths.forwarding,
        nowMs: () => performance.now(),
      });
      const living = records().filter((record) => containerOf(record) !== null);
      const allowed = createAllowedFlows(paths.allowed, living, networks);
      const peers = createPeers(paths.links, living, networks);
      const images = await usableImages();
      const volumes = createVolumes({ images, helper });
      prepared = { paths, slices, networks, helper, host: readHostLimits(cgroups), allowed, peers, images, volumes };
      await networks.prepare(
        living.flatMap((record) => record.link ?? []),
        allowed.flows(),
        peers.flows(),
      );
      await sweep();
      for (const record of living) outputs.hold(record);
    },

    async start(spec) {
      const bundle = openBundle(spec, false, ready());
      try {
        const container = await startMonitored(bundle, null, ready());
        const record = readRecord(paths, spec.id);
        if (record !== null) outputs.hold(record);
        return container;
      } catch (error) {
        killMakers(spec.id, paths);
        await remove(spec.id);
        throw error;
      }
    },

    list: async () => records().flatMap((record) => containerOf(record) ?? []),

    wait: (id, signal) => exits.until(id, exitOf(id, paths, cgroups), signal),

    async kill(id, signal) {
      const init = readRecord(paths, id)?.init;
      if (init == null || !isAlive(init.pid, init.startTicks)) return;
      // a frozen process (cgroup version 1) would take no signal, not even KILL
      cgroups.freeze(containerPaths(paths, id).cgroup, false);
      if (signal === "KILL") return sendSignal(init.pid, "SIGKILL");
      // not to init: it would pass the signal on, and the command would get it twice
      for (const pid of cgroups.processes(containerPaths(paths, id).cgroup)) if (pid !== init.pid) sendSignal(pid, `SIG${signal}`);
    },

    freeze: (id) => cgroups.freeze(containerPaths(paths, id).cgroup, true),
    thaw: (id) => cgroups.freeze(containerPaths(paths, id).cgroup, false),

    remove,

    async exec(spec) {
      execs += 1;
      const init = readRecord(paths, spec.id)?.init;
      if (init == null || !isAlive(init.pid, init.startTicks)) throw notRunning(spec.id);
      const directory = containerPaths(paths, spec.id).bundle;
      return startExec({ spec, host: ready().host, runcRoot: paths.runcRoot, directory, name: `exec-${process.pid}-${execs}` });
    },

    memoryBytes: (id) => cgroups.memoryBytes(containerPaths(paths, id).cgroup),

    pressure: (id) => {
      const known = disks.get(id);
      const diskBytes = known === undefined ? readRecord(paths, id)?.diskBytes : known;
      if (diskBytes === undefined) return null;
      disks.set(id, diskBytes);
      const place = containerPaths(paths, id);
      const { limit, refusals } = cgroups.processLimit(place.cgroup);
      return { disk: diskBytes === null ? null : diskPressure(place.disk, diskBytes), pids: limit, pidRefusals: refusals };
    },

    counters: (id) => {
      const { cgroup } = containerPaths(paths, id);
      return readCounters({ cgroup, pid: readRecord(paths, id)?.init?.pid ?? 0, processes: cgroups.processes(cgroup) });
    },

    reopenLog: async (id) => askToReopenLog(containerPaths(paths, id).bundle),

    openVolume: (directory, limitBytes) => ready().volumes.open(directory, limitBytes),
    closeVolumes: (directory) => ready().volumes.close(directory),

    setAllowed: (slot, allowed) => ready().allowed.set(slot, allowed),

    setLinks: (slot, links) => ready().peers.setLinks(slot, links),

    dnsAddress: () => ready().slices.dnsAddress,

    releaseSlot: async (slot) => {
      await ready().allowed.set(slot, []);
      await ready().peers.setLinks(slot, []);
    },

    async teardown() {
      if (prepared === null) await this.prepare();
      for (const id of recordedIds(paths)) killMakers(id, paths);
      await Promise.all(recordedIds(paths).map(remove));
      const { slices, networks, volumes } = ready();
      await volumes.close(`${settings.dataDirectory}/volumes`);
      const last = giveBackIndex(paths, slices.index);
      await networks.teardown(last);
      cgroups.remove(paths.cgroup);
      if (last) cgroups.remove(paths.hostCgroup);
      await helper.unmount([paths.mounts]);
      await Promise.all(
        [
          paths.containers,
          paths.exits,
          paths.persist,
          paths.runcRoot,
          paths.mounts,
          paths.addressCursor,
          paths.allowed,
          paths.links,
          paths.scratch,
        ].map(removeTree),
      );
      prepared = null;
      exits.close();
      outputs.close();
      helper.close();
    },

    async close() {
      exits.close();
      outputs.close();
      helper.close();
    },

    async runAttached(spec, sink, signal) {
      signal.throwIfAborted();
      const bundle = openBundle(spec, true, ready());
      const end = (): void => {
        for (const pid of cgroups.processes(bundle.place.cgroup)) sendSignal(pid, "SIGKILL");
        killMakers(spec.id, paths);
      };
      signal.addEventListener("abort", end);
      let output: Output | null = null;
      try {
        output = await openOutput(bundle.place.bundle, ready().slices.buildUid + spec.uid, sink, helper);
        await startMonitored(bundle, output, ready());
        const exit = await exits.until(spec.id, exitOf(spec.id, paths, cgroups), signal);
        await output.ended;
        return exit;
      } catch (error) {
        output?.destroy();
        signal.throwIfAborted();
        throw error;
      } finally {
        signal.removeEventListener("abort", end);
        output?.closeDescriptors();
        await remove(spec.id);
      }
    },

    buildUid: () => ready().slices.buildUid,
  };

  async function usableImages(): Promise<Images | null> {
    const images = createImages({ directory: paths.scratch, helper });
    const problem = await tryImages(paths, images, helper);
    if (problem !== null) log.warn({ err: problem }, "writable layers have no limit on this host: it gives no loop devices");
    return problem === null ? images : null;
  }

  function makeDirectories(): void {
    mkdirSync(paths.run, { recursive: true, mode: 0o711 });
    for (const directory of [paths.containers, paths.exits, paths.persist, paths.runcRoot]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    }
    // a container's root has to get through to its own files; what is in there is closed to everybody else
    for (const directory of [paths.mounts, `${paths.mounts}/c`]) mkdirSync(directory, { recursive: true, mode: 0o711 });
    mkdirSync(paths.scratch, { recursive: true, mode: 0o700 });
    chmodSync(paths.run, 0o711);
  }
}

/** Blocks and inodes alike: whichever is nearer to its end, as a part of the whole. */
function diskPressure(mountPoint: string, limitBytes: number): Pressure["disk"] {
  try {
    const { blocks, bavail, files, ffree } = statfsSync(mountPoint);
    const part = Math.max(1 - bavail / blocks, 1 - ffree / files);
    return { usedBytes: Math.round(part * limitBytes), limitBytes };
  } catch {
    return null;
  }
}

function hasLinks(index: number): boolean {
  return readdirSync("/sys/class/net").some((name) => name.startsWith(linkPrefixOf(index)));
}

function notRunning(id: string): PushboatError {
  return new PushboatError({ code: "engine/not-running", message: `${id} is not running`, kind: "transient" });
}

async function removeTree(path: string): Promise<void> {
  if (existsSync(path)) await rm(path, { recursive: true, force: true });
}
