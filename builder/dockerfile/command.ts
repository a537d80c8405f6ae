/** buildah's command line and the script around it. Pure. */
import type { RegistryLogin } from "../../core/index.ts";
import type { DockerfilePlan } from "./plan.ts";

/** Where things are in the build's sandbox. */
export const INSIDE = {
  context: "/app",
  /** buildah's images and cache mounts of this app: nothing of another app is ever in there. */
  storage: "/var/lib/containers",
  output: "/out",
  offeredBase: "/offered-base",
  authorities: "/run/pushboat/authorities.crt",
} as const;

export const EXIT = { base: 91, output: 92 } as const;

export interface BuildahInput {
  readonly plan: DockerfilePlan;
  readonly dockerfile: string;
  /** Names that the Dockerfile declares with ARG. */
  readonly declared: readonly string[];
  /** Config that pushboat.yml lets the build see. */
  readonly visible: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  /** A name for the built image among those of the app: the environment's. */
  readonly tag: string;
}

/** Each program looks for certificate authorities by a variable of its own. */
const AUTHORITY_VARIABLES = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "PIP_CERT",
  "REQUESTS_CA_BUNDLE",
  "CARGO_HTTP_CAINFO",
  "GIT_SSL_CAINFO",
  "CURL_CA_BUNDLE",
];

const HOST_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

export function buildahArgs(input: BuildahInput): readonly string[] {
  const { plan, declared, visible } = input;
  return [
    ...["--layers", "--isolation", "chroot", "--network", "host", "--format", "oci", "--identity-label=false"],
    ...(input.noCache ? ["--no-cache"] : []),
    // Beside the image, not in it: the proxy between this machine and the registries may have its own authority.
    ...["--volume", `${HOST_AUTHORITIES}:${INSIDE.authorities}:ro`],
    ...authorityVariables(input.dockerfile).flatMap((name) => ["--env", `${name}=${INSIDE.authorities}`, "--unsetenv", name]),
    ...Object.entries(plan.args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...Object.entries(visible).flatMap(([name, value]) => (declared.includes(name) ? ["--build-arg", `${name}=${value}`] : [])),
    ...Object.keys(visible).flatMap((name) => ["--secret", `id=${name},env=${secretVariable(name)}`]),
    ...["--tag", input.tag, "--file", `${INSIDE.context}/${plan.path}`, INSIDE.context],
  ];
}

/** What a Dockerfile sets itself is its own business. */
function authorityVariables(dockerfile: string): readonly string[] {
  return AUTHORITY_VARIABLES.filter((name) => !dockerfile.includes(name));
}

/** buildah's environment is not that of the RUN steps; the prefix keeps a config key called PATH from being buildah's. */
function secretVariable(name: string): string {
  return `PUSHBOAT_SECRET_${name}`;
}

export interface PrivateBases {
  /** Those of the Dockerfile's base images that a registry with a login has. */
  readonly images: readonly string[];
  readonly logins: readonly RegistryLogin[];
}

export function privateBases(images: readonly string[], logins: readonly RegistryLogin[]): PrivateBases {
  const known = logins.filter(({ host }) => images.some((image) => image.startsWith(`${host}/`)));
  return { images: images.filter((image) => known.some(({ host }) => image.startsWith(`${host}/`))), logins: known };
}

export function buildahEnv(visible: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    STORAGE_DRIVER: "overlay",
    // Cache mounts lie below it.
    TMPDIR: `${INSIDE.storage}/tmp`,
    ...Object.fromEntries(Object.entries(visible).map(([name, value]) => [secretVariable(name), value])),
  };
}

/**
 * $1: the tag, $2: what the offered base is called, or nothing; the rest: buildah's arguments. What an earlier build left half
 * made goes first; afterwards only what the environments' last images stand on stays.
 */
export const BUILD_SCRIPT = `
tag=$1; base=$2; mark=$3; shift 3
mkdir -p "$TMPDIR" /run/pushboat
find "$TMPDIR" -mindepth 1 -maxdepth 1 ! -name 'buildah-cache-*' -exec rm -rf {} +
buildah rm --all >/dev/null 2>&1 || true
if [ -n "$base" ] && [ ! -e "${INSIDE.storage}/$mark" ]; then
  id=$(buildah pull -q oci:${INSIDE.offeredBase}:base) && buildah tag "$id" "$base" || exit ${EXIT.base}
  : > "${INSIDE.storage}/$mark"
fi
buildah build "$@"
buildah push -q -D "$tag" dir:${INSIDE.output} || exit ${EXIT.output}
buildah rmi --prune >/dev/null 2>&1 || true
`;

/**
 * $@: images to fetch with a login, in a sandbox of their own before the build: a RUN step could read the password in the environment
 * of whoever started it.
 */
export const PULL_SCRIPT = `
mkdir -p "$TMPDIR"
umask 077
printf %s "$PUSHBOAT_REGISTRIES" > /dev/shm/auth.json
umask 022
for image in "$@"; do buildah pull -q --authfile /dev/shm/auth.json "$image"; done
`;

const NOISE = [
  /STEP \d+\/\d+: ENV "(?:SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|PIP_CERT)"=/,
  /^(?:Getting image source signatures|Copying (?:blob|config)|Writing manifest|Successfully tagged|subprocess exited with status|COMMIT localhost)/,
  /^(?:--> )?[0-9a-f]{12,64}$/,
  /^$/,
];

/** What buildah says that no reader of the push asked for. */
export function isNoise(line: string): boolean {
  return NOISE.some((pattern) => pattern.test(line));
}
