/** What the base image is made of, as data: the recipe is the identity of the layer. */
import { APP_GID, APP_HOME, APP_UID, type LayerId } from "../core/index.ts";
import { layerId } from "./identity.ts";

export const DEBIAN = { release: "trixie", title: "base (Debian 13)" } as const;

const PACKAGES = ["ca-certificates", "curl", "libatomic1", "libstdc++6", "netbase", "openssl", "procps", "tzdata"];

/** Not needed by a server, and half of a small package. */
const PATHS_LEFT_OUT = ["/usr/share/man/*", "/usr/share/info/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/lintian/*"];

/** Each is run by sh with the root directory as $1, while the host's devices are mounted in it: nothing may touch $1/dev. */
const HOOKS = [
  `printf 'app:x:${APP_UID}:${APP_GID}::${APP_HOME}:/bin/bash\\n' >> "$1/etc/passwd"`,
  `printf 'app:x:${APP_GID}:\\n' >> "$1/etc/group"`,
  `printf 'app:*:20000:0:99999:7:::\\n' >> "$1/etc/shadow"`,
  `mkdir "$1${APP_HOME}" && chown ${APP_UID}:${APP_GID} "$1${APP_HOME}"`,
  'rm -rf "$1"/var/log/* "$1"/var/cache/* "$1"/var/lib/apt/lists/*',
  'rm -f "$1/etc/machine-id" "$1/etc/hostname" "$1/etc/resolv.conf"; : > "$1/etc/resolv.conf"; : > "$1/etc/hosts"; : > "$1/etc/hostname"',
];

/** Emptied when mmdebstrap has ended: devices are made by the container. */
export const EMPTIED = ["dev", "run", "tmp"];

/** Raise it to make every base (and so every dependency layer) anew. */
const RECIPE_VERSION = 1;

export function baseLayerId(architecture: string): LayerId {
  return layerId("base", { RECIPE_VERSION, release: DEBIAN.release, PACKAGES, PATHS_LEFT_OUT, HOOKS, architecture });
}

export function mmdebstrapArgv(target: string, sources: readonly string[]): [string, ...string[]] {
  return [
    // Whatever it mounts is gone with its last process, also when that is killed.
    "unshare",
    "--mount",
    "--propagation=private",
    "mmdebstrap",
    "--mode=root",
    "--variant=minbase",
    "--format=directory",
    `--include=${PACKAGES.join(",")}`,
    ...PATHS_LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    '--aptopt=Acquire::Languages "none"',
    ...HOOKS.map((hook) => `--customize-hook=${hook}`),
    DEBIAN.release,
    target,
    ...sources,
  ];
}
