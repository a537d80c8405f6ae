/** Everything a container needs before runc is asked: its record, network, files and config.json. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { PushboatError } from "../../../core/index.ts";
import type { ContainerSpec } from "../contract.ts";
import type { KernelHelper } from "../kernel/helper.ts";
import type { Link } from "../network/link.ts";
import type { Networks } from "../network/network.ts";
import type { Resolver } from "../network/resolver.ts";
import { type ContainerPaths, containerPaths, type Paths } from "../paths.ts";
import { baseUidOf, type Slices } from "../slices.ts";
import { AUTHORITY_ENV } from "./authorities.ts";
import { assembleFilesystem, detachFilesystem, diskBytesOf } from "./filesystem.ts";
import type { Images } from "./images.ts";
import { type HostLimits, ociConfig } from "./oci-config.ts";
import { type ContainerRecord, writeRecord } from "./record.ts";
import type { Volumes } from "./volumes.ts";

export interface BundleDependencies {
  readonly paths: Paths;
  readonly slices: Slices;
  readonly networks: Networks;
  readonly helper: KernelHelper;
  readonly host: HostLimits;
  /** null: the host has no loop devices. */
  readonly images: Images | null;
  readonly volumes: Volumes;
}

export interface Bundle {
  readonly spec: ContainerSpec;
  readonly place: ContainerPaths;
  readonly record: ContainerRecord;
  readonly link: Link | null;
}

/** Takes the id and a network; from here on there is a record, so nothing can be forgotten. */
export function openBundle(spec: ContainerSpec, attached: boolean, { paths, networks, images }: BundleDependencies): Bundle {
  const place = containerPaths(paths, spec.id);
  requireId(spec.id);
  if (existsSync(place.bundle)) throw taken(spec.id);
  // conmon writes no exit code at all where its persist directory is missing
  for (const directory of [place.bundle, place.persist]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const link = spec.network === "none" ? null : networks.take();
  const record: ContainerRecord = {
    id: spec.id,
    slot: spec.slot,
    link: link?.offset ?? null,
    ip: link?.ip ?? null,
    labels: spec.labels,
    logFile: spec.logFile,
    scratch: spec.upperDirectory === null ? place.scratch : null,
    diskBytes: diskBytesOf(spec, images),
    attached,
    init: null,
    monitor: null,
  };
  writeRecord(paths, record);
  return { spec, place, record, link };
}

/** Mounts its files and writes config.json. */
export async function fillBundle(bundle: Bundle, { slices, networks, helper, host, images, volumes }: BundleDependencies): Promise<void> {
  const { spec, place, link } = bundle;
  const baseUid = baseUidOf(slices, spec.slot);
  const ofHost = await networks.resolver();
  const resolver = spec.network === "app" ? askingAt(slices.dnsAddress, ofHost) : ofHost;
  const binds = await assembleFilesystem({ spec, place, baseUid, ip: link?.ip ?? null, resolver }, { helper, images, volumes });
  const config = ociConfig({
    spec: spec.network === "registry" ? { ...spec, env: { ...AUTHORITY_ENV, ...spec.env } } : spec,
    baseUid,
    cgroup: place.cgroup,
    rootfs: place.rootfs,
    binds,
    host,
  });
  writeFileSync(`${place.bundle}/config.json`, JSON.stringify(config), { mode: 0o600 });
}

/** Names of other instances come from a server of ours, which asks the host's resolvers for all others. */
function askingAt(dnsAddress: string, { text }: Resolver): Resolver {
  const others = text.split("\n").filter((line) => !line.startsWith("nameserver "));
  return { servers: [dnsAddress], text: [`nameserver ${dnsAddress}`, ...others].join("\n") };
}

/** Once runc has created the container, its processes hold its mounts, and nothing on the host needs to. */
export async function letGo(bundle: Bundle, { helper }: BundleDependencies): Promise<void> {
  await detachFilesystem(bundle.place, bundle.spec.mounts.length, helper);
}

function requireId(id: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,59}$/.test(id)) return;
  throw new PushboatError({ code: "engine/id", message: `${JSON.stringify(id)} is no container id`, kind: "platform" });
}

function taken(id: string): PushboatError {
  return new PushboatError({ code: "engine/id-taken", message: `there is a container ${id} already`, kind: "platform" });
}
