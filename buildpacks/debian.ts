/** Layers of Debian packages that more than one language asks for. */
import { PushboatError, quote } from "../core/index.ts";
import type { PackagesRequest } from "./plan.ts";

/** Compilers and what native extensions of any language are built with. Only ever in a build, never in an image. */
export const BUILD_TOOLS: PackagesRequest = {
  kind: "packages",
  name: "tools",
  title: "build tools",
  packages: [
    ...["build-essential", "git", "openssh-client", "patch", "pkg-config", "python3", "unzip", "xz-utils", "zip"],
    ...["libffi-dev", "libpq-dev", "libsqlite3-dev", "libssl-dev", "libxml2-dev", "libxslt1-dev", "libyaml-dev", "zlib1g-dev"],
  ],
};

export const APP_PACKAGES = "apt";

/** What the app itself asks for: the same layer in the build and in the image. */
export function appPackages(packages: readonly string[]): PackagesRequest {
  return { kind: "packages", name: APP_PACKAGES, title: "system packages", packages: [...new Set(packages)].sort() };
}

/** Heroku's and Dokku's Aptfile: a package on each line. */
export function parseAptfile(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*/, "").trim());
  const packages = lines.flatMap((line) => (line === "" ? [] : line.split(/\s+/)));
  const strange = packages.find((name) => !/^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+~:-]+)?$/.test(name));
  if (strange === undefined) return packages;
  throw new PushboatError({
    code: "build/aptfile",
    message: `Aptfile: ${quote(strange)} is not the name of a Debian package`,
    hint: "Only packages of Debian 13 can be installed, one on each line; other repositories and .deb files need a Dockerfile.",
  });
}
