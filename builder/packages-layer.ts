/** Debian packages as a layer: installed by apt in a sandbox on the base image, with everything that belongs to the base taken out again. */
import { mkdirSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { quote } from "../core/index.ts";
import { DEBIAN } from "./base-recipe.ts";
import type { PackagesLanguage } from "./language.ts";
import type { LanguageLayerSpec } from "./language-layer.ts";
import { runStep, STEP_LIMITS } from "./step.ts";
import { unveilNewDirectories } from "./unveil.ts";

/**
 * Lists and archives go to /tmp: a layer holds no trace of them. Nothing that a package brings is started. The base has no
 * manual pages, but update-alternatives (Java's) fails where their directory is missing.
 */
const APT = `set -e
mkdir -p /tmp/apt/lists/partial /tmp/apt/archives/partial /usr/share/man/man1
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
apt() {
  apt-get -o APT::Sandbox::User=root -o Dir::State::lists=/tmp/apt/lists -o Dir::Cache=/tmp/apt -o Dir::Cache::archives=/tmp/apt/archives \\
    -o Acquire::Languages=none -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -qq -y --no-install-recommends "$@"
}`;

/** Machine state, caches, and what the container itself mounts. */
const LEFT_OUT = [
  "app",
  "dev",
  "etc/apt/preferences.d/other",
  "etc/apt/sources.list.d/other.list",
  "etc/hostname",
  "etc/hosts",
  "etc/mtab",
  "etc/resolv.conf",
  "proc",
  "root",
  "run",
  "sys",
  "tmp",
  "usr/sbin/policy-rc.d",
  "var/cache",
  "var/lib/apt",
  "var/log",
];

export async function fillPackagesLayer(
  spec: Omit<LanguageLayerSpec, "language">,
  language: PackagesLanguage,
  draft: string,
  files: string,
): Promise<void> {
  const { packages, command = "", debian } = language.request;
  const install = packages.length === 0 ? "" : `apt update\napt install ${packages.map(shellWord).join(" ")}`;
  const upper = await runAsRoot(spec, draft, {
    title: `installing ${language.title}`,
    layers: [],
    command: [APT, ...(debian === undefined ? [] : [otherDebian(debian)]), install, command].join("\n"),
  });
  for (const name of LEFT_OUT) await rm(join(upper, name), { recursive: true, force: true });
  const [base = ""] = spec.cache.layer(spec.base).directories;
  unveilNewDirectories(upper, base);
  for (const name of await readdir(upper)) await rename(join(upper, name), join(files, name));
}

/** From the same mirrors as the base; below what the base's own release has, so that nothing of it is taken instead. */
function otherDebian(release: string): string {
  return `sed 's/ ${DEBIAN.release}/ ${release}/' /etc/apt/sources.list > /etc/apt/sources.list.d/other.list
printf 'Package: *\\nPin: release n=${release}*\\nPin-Priority: 100\\n' > /etc/apt/preferences.d/other`;
}

export interface RootStep {
  readonly title: string;
  /** Between the base and what it writes. */
  readonly layers: Parameters<typeof runStep>[0]["layers"];
  readonly command: string;
}

/** A step of ours on the base image; answers the directory with what it wrote. */
export async function runAsRoot(spec: Omit<LanguageLayerSpec, "language">, draft: string, step: RootStep): Promise<string> {
  const upper = join(draft, "upper");
  mkdirSync(upper, { mode: 0o755 });
  await runStep({
    sandbox: spec.sandbox,
    name: "tools",
    title: step.title,
    layers: [spec.cache.layer(spec.base), ...step.layers],
    upperDirectory: upper,
    binds: [],
    command: step.command,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    user: "root",
    limits: STEP_LIMITS,
    // A failure carries the last lines; the rest is nothing that a pusher asked for.
    onEvent: () => {},
    signal: spec.signal,
  });
  return upper;
}

/** The names are checked where they are read; this is the second fence. */
function shellWord(name: string): string {
  if (/^[a-z0-9][a-z0-9+.-]*(=[A-Za-z0-9.+~:-]+)?$/.test(name)) return name;
  throw new Error(`${quote(name)} is not the name of a package`);
}
