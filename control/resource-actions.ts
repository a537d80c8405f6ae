/** Domains, maintenance, volumes, ways out of the network: what an environment has beside its releases. */
import { chown, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { APP_GID, APP_UID, type HostName, PushboatError, quote } from "../core/index.ts";
import type { Control } from "./api.ts";
import type { Deps } from "./deps.ts";
import { requireEnvironment } from "./find.ts";
import type { Operations } from "./operations.ts";
import { perform } from "./release-actions.ts";
import type { RouteFeed } from "./route-feed.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { volumeDirectory } from "./workload.ts";

type ResourceActions = Pick<
  Control,
  | "addDomain"
  | "removeDomain"
  | "domains"
  | "maintenance"
  | "createVolume"
  | "volumes"
  | "mountVolume"
  | "unmountVolume"
  | "destroyVolume"
  | "allowNetwork"
  | "denyNetwork"
  | "allowedNetwork"
>;

/** Paths inside the container that a volume must not cover. */
const PROTECTED_PATHS = ["/", "/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/.pushboat"];

export function createResourceActions(deps: Deps, operations: Operations, routes: RouteFeed): ResourceActions {
  const { store, settings, now } = deps;
  const audit = (actor: Parameters<Control["maintenance"]>[2], action: string, target: string) =>
    store.access.audit(actor.identity, action, target, now());
  const requireVolume = (environment: EnvironmentRecord, name: string) => {
    const volume = store.resources.volumes(environment.name).find((record) => record.name === name);
    if (volume === undefined) {
      throw new PushboatError({
        code: "volumes/unknown",
        message: `${environment.name} has no volume called ${name}`,
        hint: `See \`volumes ${environment.name}\`, or \`volumes:create ${environment.name} ${name}\`.`,
      });
    }
    return volume;
  };

  return {
    async addDomain(target, host, actor) {
      const environment = requireEnvironment(deps, target);
      if (host === settings.domain || host.endsWith(`.${settings.domain}`)) {
        throw new PushboatError({
          code: "domains/below-platform",
          message: `${host} is below the platform's own domain ${settings.domain}`,
          hint: "Names below it are given to apps and branches by Pushboat alone.",
        });
      }
      const owner = store.apps.hostOwner(host);
      if (owner !== null)
        throw new PushboatError({
          code: "domains/taken",
          message: `${host} belongs to ${owner} already`,
          hint: `domains:remove ${owner} ${host}`,
        });
      store.apps.addDomain(environment.name, host, now());
      audit(actor, "domains:add", `${target.name} ${host}`);
      await routes.publishNew();
    },
    async removeDomain(target, host, actor) {
      const environment = requireEnvironment(deps, target);
      if (!store.apps.removeDomain(environment.name, host)) {
        throw new PushboatError({
          code: "domains/unknown",
          message: `${host} is not a domain of ${target.name}`,
          hint: `See \`domains ${target.name}\`.`,
        });
      }
      audit(actor, "domains:remove", `${target.name} ${host}`);
      await routes.publishNew();
    },
    async domains(target) {
      const environment = requireEnvironment(deps, target);
      return store.apps
        .hosts(environment.name)
        .filter(({ kind }) => kind === "domain")
        .map(({ host }) => host as HostName);
    },
    async maintenance(target, on, actor) {
      store.apps.setMaintenance(requireEnvironment(deps, target).name, on);
      audit(actor, "maintenance", `${target.name} ${on ? "on" : "off"}`);
      await routes.publishNew();
    },

    async createVolume(target, name, actor) {
      const environment = requireEnvironment(deps, target);
      if (store.resources.volumes(environment.name).some((volume) => volume.name === name)) {
        throw new PushboatError({
          code: "volumes/exists",
          message: `${target.name} has a volume called ${name} already`,
          hint: `See \`volumes ${target.name}\`.`,
        });
      }
      const directory = volumeDirectory(settings.dataDirectory, environment, name);
      await mkdir(directory, { recursive: true, mode: 0o711 });
      await chown(directory, APP_UID, APP_GID); // as seen inside: the mount shifts owners
      store.resources.createVolume(environment.name, name, now());
      audit(actor, "volumes:create", `${target.name} ${name}`);
      return { name, environment: environment.name, mountedAt: null, bytes: 0 };
    },
    async volumes(target) {
      const environment = requireEnvironment(deps, target);
      const records = store.resources.volumes(environment.name);
      return await Promise.all(
        records.map(async ({ name, mountedAt }) => ({
          name,
          environment: environment.name,
          mountedAt,
          bytes: await directoryBytes(volumeDirectory(settings.dataDirectory, environment, name)),
        })),
      );
    },
    async mountVolume(target, name, path, actor) {
      const environment = requireEnvironment(deps, target);
      requireVolume(environment, name);
      const mountedAt = parseMountPath(path);
      const other = store.resources.volumes(environment.name).find((volume) => volume.mountedAt === mountedAt && volume.name !== name);
      if (other !== undefined)
        throw new PushboatError({
          code: "volumes/path-taken",
          message: `${other.name} is mounted at ${mountedAt} already`,
          hint: `volumes:unmount ${target.name} ${other.name}`,
        });
      return await changeMounts(target, { [name]: mountedAt }, `Mount volume ${name} at ${mountedAt}`, actor);
    },
    async unmountVolume(target, name, actor) {
      requireVolume(requireEnvironment(deps, target), name);
      return await changeMounts(target, { [name]: null }, `Unmount volume ${name}`, actor);
    },
    async destroyVolume(target, name, actor) {
      const environment = requireEnvironment(deps, target);
      const volume = requireVolume(environment, name);
      if (volume.mountedAt !== null) {
        throw new PushboatError({
          code: "volumes/mounted",
          message: `${name} is mounted at ${volume.mountedAt}`,
          hint: `First: volumes:unmount ${target.name} ${name}`,
        });
      }
      store.resources.deleteVolume(environment.name, name);
      audit(actor, "volumes:destroy", `${target.name} ${name}`);
      await rm(volumeDirectory(settings.dataDirectory, environment, name), { recursive: true, force: true });
    },

    async allowNetwork(target, address, actor) {
      const environment = requireEnvironment(deps, target);
      store.resources.allow(environment.name, address);
      audit(actor, "network:allow", `${target.name} ${address.address}:${address.port}`);
      await deps.runtime.setAllowed(environment.name, environment.slot, store.resources.allowed(environment.name));
    },
    async denyNetwork(target, address, actor) {
      const environment = requireEnvironment(deps, target);
      if (!store.resources.deny(environment.name, address)) {
        throw new PushboatError({
          code: "network/unknown",
          message: `${address.address}:${address.port} is not allowed for ${target.name}`,
          hint: `See \`network ${target.name}\`.`,
        });
      }
      audit(actor, "network:deny", `${target.name} ${address.address}:${address.port}`);
      await deps.runtime.setAllowed(environment.name, environment.slot, store.resources.allowed(environment.name));
    },
    async allowedNetwork(target) {
      return store.resources.allowed(requireEnvironment(deps, target).name);
    },
  };

  function changeMounts(
    target: Parameters<Control["mountVolume"]>[0],
    mounts: Readonly<Record<string, string | null>>,
    description: string,
    actor: Parameters<Control["maintenance"]>[2],
  ) {
    const environment = requireEnvironment(deps, target);
    if (environment.currentRelease !== null)
      return perform({ deps, operations }, target, actor, { kind: "volumes", payload: { mounts }, description });
    store.resources.setMounts(environment.name, mounts);
    audit(actor, "volumes", `${target.name}: ${description}`);
    return Promise.resolve({ release: null, deployment: null });
  }
}

function parseMountPath(path: string): string {
  const clean = path.replace(/\/+$/, "");
  const bad = !/^(\/[A-Za-z0-9._-]+)+$/.test(clean) || clean.split("/").some((part) => part === "." || part === "..") || clean.length > 200;
  if (
    bad ||
    PROTECTED_PATHS.includes(clean) ||
    PROTECTED_PATHS.some((root) => root !== "/" && root !== "/usr" && clean.startsWith(`${root}/`))
  ) {
    throw new PushboatError({
      code: "volumes/path",
      message: `${quote(path)} is not a path that a volume can be mounted at`,
      hint: "Give an absolute path outside the system's directories: /app/data, /data, /srv/uploads",
    });
  }
  return clean;
}

async function directoryBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
