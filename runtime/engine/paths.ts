/** Where the engine keeps what, below the run directory (tmpfs) and the data directory. Pure. */
import type { Settings } from "../../core/index.ts";

export interface Paths {
  readonly run: string;
  /** Bundles, records, control pipes: 0700. */
  readonly containers: string;
  /** conmon writes exit codes here. */
  readonly exits: string;
  /** conmon's marks of memory kills. */
  readonly persist: string;
  readonly runcRoot: string;
  /** A private mount of its own: what is mounted below is seen by no other mount namespace. Short: overlay options take one page. */
  readonly mounts: string;
  readonly addressCursor: string;
  readonly allowed: string;
  readonly links: string;
  /** Writable layers: on disk, since the run directory is memory. */
  readonly scratch: string;
  /** The index this platform had last, to prefer it. */
  readonly index: string;
  /** cgroup of all containers of the platform, as runc's cgroupsPath. */
  readonly cgroup: string;
  /** That of all platforms of the host. */
  readonly hostCgroup: string;
  /** Of the host, shared by all platforms. */
  readonly reservations: string;
  readonly forwarding: string;
}

export interface ContainerPaths {
  /** Also runc's bundle directory. */
  readonly bundle: string;
  readonly record: string;
  readonly persist: string;
  /** Belongs to the container's root, 0700: what is mounted in it is nobody else's business. */
  readonly mounts: string;
  readonly rootfs: string;
  readonly clones: string;
  readonly skeleton: string;
  readonly scratch: string;
  /** The writable layer's own filesystem, where it has one. */
  readonly disk: string;
  readonly cgroup: string;
}

export function pathsOf(settings: Pick<Settings, "runDirectory" | "dataDirectory" | "platformId">): Paths {
  const run = settings.runDirectory;
  const host = run.slice(0, run.lastIndexOf("/"));
  return {
    run,
    containers: `${run}/containers`,
    exits: `${run}/exits`,
    persist: `${run}/persist`,
    runcRoot: `${run}/runc`,
    mounts: `${run}/m`,
    addressCursor: `${run}/address-cursor`,
    allowed: `${run}/allowed.json`,
    links: `${run}/links.json`,
    scratch: `${settings.dataDirectory}/scratch`,
    index: `${settings.dataDirectory}/platform-index`,
    cgroup: `/pushboat/${settings.platformId}`,
    hostCgroup: "/pushboat",
    reservations: `${host}/reservations`,
    forwarding: `${host}/forwarding`,
  };
}

export function containerPaths(paths: Paths, id: string): ContainerPaths {
  const mounts = `${paths.mounts}/c/${id}`;
  return {
    bundle: `${paths.containers}/${id}`,
    record: `${paths.containers}/${id}/record.json`,
    persist: `${paths.persist}/${id}`,
    mounts,
    rootfs: `${mounts}/fs`,
    clones: `${mounts}/l`,
    skeleton: `${mounts}/skeleton`,
    scratch: `${paths.scratch}/${id}`,
    disk: `${mounts}/w`,
    cgroup: `${paths.cgroup}/${id}`,
  };
}
