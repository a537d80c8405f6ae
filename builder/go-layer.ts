/** Go toolchains: listed and fetched through the module proxy by Debian's Go, which is no part of the layer. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { GO_BOOTSTRAP } from "../buildpacks/index.ts";
import { type GoLanguage, packagesLanguage } from "./language.ts";
import { ensureLanguageLayer, type LanguageLayerSpec } from "./language-layer.ts";
import { runAsRoot } from "./packages-layer.ts";

const ENV = "export HOME=/tmp/home GOMODCACHE=/tmp/go GOFLAGS=-modcacherw; cd /tmp";
const VERSIONS_FILE = "/opt/go-versions";

export async function fillGoLayer(spec: LanguageLayerSpec, language: GoLanguage, draft: string, files: string): Promise<void> {
  const bootstrap = spec.cache.find(language.bootstrap.id);
  if (bootstrap === null) throw new Error("the bootstrap Go is missing");
  const upper = await runAsRoot(spec, draft, {
    title: `fetching ${language.title}`,
    layers: [spec.cache.layer(bootstrap)],
    command: `set -e
${ENV}
GOTOOLCHAIN=go${language.version} go version
mkdir -p /usr/local
if [ -d /tmp/go/golang.org/toolchain@v0.0.1-go${language.version}.* ]; then
  mv /tmp/go/golang.org/toolchain@v0.0.1-go${language.version}.* /usr/local/go
else
  cp -a "$(go env GOROOT)/." /usr/local/go
fi
chmod -R u+w,go+rX /usr/local/go
rm -rf /usr/local/go/test /usr/local/go/api /usr/local/go/doc /usr/local/go/misc`,
  });
  mkdirSync(join(files, "usr/local"), { recursive: true, mode: 0o755 });
  await rename(join(upper, "usr/local/go"), join(files, "usr/local/go"));
}

/** Every Go release that the module proxy has. */
export async function listGoVersions(spec: Omit<LanguageLayerSpec, "language">): Promise<readonly string[]> {
  const language = packagesLanguage(GO_BOOTSTRAP, spec.base.id);
  const { record } = await ensureLanguageLayer({ ...spec, language });
  const draft = spec.cache.draft("go-versions");
  try {
    const upper = await runAsRoot(spec, draft, {
      title: "listing the Go releases",
      layers: [spec.cache.layer(record)],
      command: `${ENV}; GOTOOLCHAIN=local go list -m -versions go > ${VERSIONS_FILE}`,
    });
    // `go 1.21 1.21.0 ...`
    return readFileSync(join(upper, VERSIONS_FILE), "utf8").trim().split(/\s+/).slice(1);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
