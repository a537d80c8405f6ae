/** What a container sees as its files: layers, a writable upper, mounts, and the few files that are made for it. */
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { PushboatError } from "../../../core/index.ts";
import type { ContainerSpec } from "../contract.ts";
import type { KernelHelper } from "../kernel/helper.ts";
import type { Resolver } from "../network/resolver.ts";
import type { ContainerPaths } from "../paths.ts";
import type { Images } from "./images.ts";
import { type ConfigBind, INIT } from "./oci-config.ts";
import { type MountPoint, makeSkeleton } from "./skeleton.ts";
import type { Volumes } from "./volumes.ts";

export interface FilesystemInput {
  readonly spec: ContainerSpec;
  readonly place: ContainerPaths;
  readonly baseUid: number;
  readonly ip: string | null;
  readonly resolver: Resolver;
}

export interface FilesystemTools {
  readonly helper: KernelHelper;
  /** null: the host has no loop devices, and writable layers have no limit. */
  readonly images: Images | null;
  readonly volumes: Volumes;
}

/** Debian's package `tini`; static, so it runs in any root filesystem. */
const HOST_INIT = "/usr/bin/tini-static";
/** The host's certificate authorities, where everything that is linked against OpenSSL looks for them. */
export const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** Mounts everything below place.mounts; answers the binds for runc. */
export async function assembleFilesystem(input: FilesystemInput, tools: FilesystemTools): Promise<readonly ConfigBind[]> {
  const { helper, volumes } = tools;
  const { spec, place, baseUid } = input;
  await Promise.all(spec.mounts.map(({ source, limitBytes = null }) => volumes.open(source, limitBytes)));
  mkdirSync(place.mounts, { recursive: true, mode: 0o700 });
  chownSync(place.mounts, baseUid, baseUid);
  const ours = writeOwnFiles(input);
  const mounted = spec.mounts.map((mount, index) => ({
    source: mount.mapOwners ? `${place.mounts}/v${index}` : mount.source,
    target: mount.target,
    readOnly: mount.readOnly,
  }));
  const points = [
    ...ours.map((bind) => pointOf(bind.source, bind.target)),
    ...spec.mounts.map((mount) => pointOf(mount.source, mount.target)),
    ...(spec.tmpfs ?? []).map(({ target }): MountPoint => ({ target, kind: "directory" })),
  ];
  makeSkeleton(place.skeleton, baseUid, points);
  await Promise.all([
    mountLayers(input, tools),
    ...spec.mounts.map((mount, index) =>
      mount.mapOwners ? helper.bindMapped(baseUid, mount.source, `${place.mounts}/v${index}`) : Promise.resolve(),
    ),
  ]);
  return [...ours, ...mounted];
}

/** runc has its own copies of all mounts once the container is created: ours can go. */
export async function detachFilesystem(place: ContainerPaths, mountCount: number, helper: KernelHelper): Promise<void> {
  await helper.unmount([place.rootfs, ...Array.from({ length: mountCount }, (_, index) => `${place.mounts}/v${index}`)]);
}

async function mountLayers(
  { spec, place, baseUid }: FilesystemInput,
  { helper, images }: Pick<FilesystemTools, "helper" | "images">,
): Promise<void> {
  const disk = diskBytesOf(spec, images);
  if (images !== null && disk !== null) {
    mkdirSync(place.scratch, { recursive: true, mode: 0o700 });
    await images.scratch(disk, `${place.scratch}/image`, place.disk);
  }
  const own = disk === null ? place.scratch : place.disk;
  const upper = spec.upperDirectory ?? `${own}/upper`;
  // on the upper's filesystem, as overlayfs wants it
  const work = spec.upperDirectory === null ? `${own}/work` : `${spec.upperDirectory}.work`;
  mkdirSync(upper, { recursive: true });
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true, mode: 0o700 });
  mkdirSync(place.rootfs, { mode: 0o755 });
  await helper.overlay({
    baseUid,
    target: place.rootfs,
    upper,
    work,
    clones: place.clones,
    skeleton: place.skeleton,
    layers: spec.layers.flatMap((layer) => layer.directories),
  });
}

/** Of the writable layer's own filesystem; null: it has none. */
export function diskBytesOf(spec: ContainerSpec, images: Images | null): number | null {
  if (spec.upperDirectory !== null || images === null || spec.readOnlyRoot === true) return null;
  return spec.limits?.diskBytes ?? null;
}

function writeOwnFiles({ spec, place, ip, resolver }: FilesystemInput): readonly ConfigBind[] {
  const files: Readonly<Record<string, string>> = {
    "/etc/resolv.conf": spec.network === "none" ? "" : resolver.text,
    "/etc/hosts": `127.0.0.1 localhost\n${ip === null ? "" : `${ip} ${spec.id}\n`}`,
    "/etc/hostname": `${spec.id}\n`,
  };
  const binds = Object.entries(files).map(([target, text]) => {
    const source = `${place.mounts}/${target.slice("/etc/".length)}`;
    writeFileSync(source, text);
    chmodSync(source, 0o644);
    return { source, target, readOnly: true };
  });
  const init = { source: HOST_INIT, target: INIT, readOnly: true };
  const authorities = spec.network === "registry" && existsSync(CA_BUNDLE);
  return [init, ...binds, ...(authorities ? [{ source: CA_BUNDLE, target: CA_BUNDLE, readOnly: true }] : [])];
}

function pointOf(source: string, target: string): MountPoint {
  try {
    return { target, kind: statSync(source).isDirectory() ? "directory" : "file" };
  } catch (cause) {
    throw new PushboatError({
      code: "engine/mount",
      message: `${source}, to be mounted at ${target}, cannot be read`,
      kind: "platform",
      cause,
    });
  }
}
