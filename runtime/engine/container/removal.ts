/** Takes every kernel object and file of a container away, whatever state it is in. */
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Cgroups } from "../kernel/cgroup.ts";
import type { KernelHelper } from "../kernel/helper.ts";
import { isAlive, processesWithArgument, sendSignal } from "../kernel/process.ts";
import type { Networks } from "../network/network.ts";
import { containerPaths, type Paths } from "../paths.ts";
import { type ContainerRecord, readRecord } from "./record.ts";

export interface RemovalDependencies {
  readonly paths: Paths;
  readonly cgroups: Cgroups;
  readonly helper: KernelHelper;
  readonly networks: Networks;
}

/** KILL cannot be refused; longer than this only in an uninterruptible system call. */
const DEATH_TIMEOUT_MS = 5_000;
/** conmon writes the exit code and goes. */
const MONITOR_TIMEOUT_MS = 1_000;

/** Idempotent. The record goes last: killed in between, the next sweep finds what is left. */
export async function removeContainer(id: string, dependencies: RemovalDependencies): Promise<void> {
  const { paths, cgroups, helper, networks } = dependencies;
  const place = containerPaths(paths, id);
  const record = readRecord(paths, id);
  await endProcesses(record, place.cgroup, cgroups);
  await removeCgroup(place.cgroup, cgroups);
  await helper.unmount(mountsOf(place.mounts));
  await Promise.all([place.mounts, `${paths.runcRoot}/${id}`, place.persist, `${paths.exits}/${id}`, ...scratchOf(record)].map(removeTree));
  if (record?.link != null) networks.release(record.link);
  await removeTree(place.bundle);
}

/** What was being made when we were killed: conmon and runc may still be at it, and would make it after the sweep. */
export function killMakers(id: string, paths: Paths): void {
  for (const pid of processesWithArgument(containerPaths(paths, id).bundle)) sendSignal(pid, "SIGKILL");
}

async function endProcesses(record: ContainerRecord | null, cgroup: string, cgroups: Cgroups): Promise<void> {
  if (record?.init != null && isAlive(record.init.pid, record.init.startTicks)) sendSignal(record.init.pid, "SIGKILL");
  await untilTrue(DEATH_TIMEOUT_MS, () => {
    const left = cgroups.processes(cgroup);
    for (const pid of left) sendSignal(pid, "SIGKILL");
    return left.length === 0;
  });
  const monitor = record?.monitor;
  if (monitor == null) return;
  await untilTrue(MONITOR_TIMEOUT_MS, () => !isAlive(monitor.pid, monitor.startTicks));
  if (isAlive(monitor.pid, monitor.startTicks)) sendSignal(monitor.pid, "SIGKILL");
}

/** What `runc delete` does for a dead container, without its process: the groups and the state directory go. */
async function removeCgroup(cgroup: string, cgroups: Cgroups): Promise<void> {
  await untilTrue(DEATH_TIMEOUT_MS, () => cgroups.remove(cgroup));
}

function mountsOf(directory: string): readonly string[] {
  const inside = namesIn(directory);
  const clones = inside.includes("l") ? namesIn(`${directory}/l`).map((name) => `l/${name}`) : [];
  return [...clones, ...inside.filter((name) => name === "fs" || name === "w" || /^v\d+$/.test(name))].map(
    (name) => `${directory}/${name}`,
  );
}

function scratchOf(record: ContainerRecord | null): readonly string[] {
  return record?.scratch == null ? [] : [record.scratch];
}

async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

async function untilTrue(timeoutMs: number, check: () => boolean): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!check() && performance.now() < endMs) await delay(5);
}
