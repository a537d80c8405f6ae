/** Named volumes: made, mounted by a new revision, never deleted by accident. */
import { chown, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { APP_GID, APP_UID, PushboatError, quote, volumeImage } from "../core/index.ts";
import type { Actor, Control, Outcome, Target } from "./api.ts";
import type { Deps } from "./deps.ts";
import { requireEnvironment } from "./find.ts";
import type { Operations } from "./operations.ts";
import { perform } from "./release-actions.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { volumeDirectory } from "./workload.ts";

type VolumeActions = Pick<Control, "createVolume" | "volumes" | "mountVolume" | "unmountVolume" | "destroyVolume">;

/** Paths inside the container that a volume must not cover. */
const PROTECTED_PATHS = ["/", "/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/.pushboat"];

export function createVolumeActions(deps: Deps, operations: Operations): VolumeActions {
  const { store, settings, now } = deps;
  const audit = (actor: Actor, action: string, target: string) => store.access.audit(actor.identity, action, target, now());
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

  const changeMounts = (
    target: Target,
    mounts: Readonly<Record<string, string | null>>,
    description: string,
    actor: Actor,
  ): Promise<Outcome> => {
    const environment = requireEnvironment(deps, target);
    if (environment.currentRelease !== null)
      return perform({ deps, operations }, target, actor, { kind: "volumes", payload: { mounts }, description });
    store.resources.setMounts(environment.name, mounts);
    audit(actor, "volumes", `${target.name}: ${description}`);
    return Promise.resolve({ release: null, deployment: null });
  };

  return {
    async createVolume(target, name, limitBytes, actor) {
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
      await deps.runtime.openVolume({ hostDirectory: directory, limitBytes });
      await chown(directory, APP_UID, APP_GID); // as seen inside: the mount shifts owners
      store.resources.createVolume(environment.name, name, limitBytes, now());
      audit(actor, "volumes:create", `${target.name} ${name}`);
      return { name, environment: environment.name, mountedAt: null, bytes: 0, limitBytes };
    },
    async volumes(target) {
      const environment = requireEnvironment(deps, target);
      const records = store.resources.volumes(environment.name);
      return await Promise.all(
        records.map(async ({ name, mountedAt, limitBytes }) => {
          const directory = volumeDirectory(settings.dataDirectory, environment, name);
          const bytes = limitBytes === null ? await directoryBytes(directory) : await imageBytes(directory);
          return { name, environment: environment.name, mountedAt, bytes, limitBytes };
        }),
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
      const directory = volumeDirectory(settings.dataDirectory, environment, name);
      await deps.runtime.closeVolumes(directory);
      for (const path of [directory, volumeImage(directory)]) await rm(path, { recursive: true, force: true });
    },
  };
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

/** What its file takes of the disk: also while it is not mounted. */
async function imageBytes(directory: string): Promise<number> {
  return (await stat(volumeImage(directory)).catch(() => ({ blocks: 0 }))).blocks * 512;
}

async function directoryBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
