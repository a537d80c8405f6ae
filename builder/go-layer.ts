/** A Go toolchain: fetched through the module proxy by Debian's Go, which is no part of the layer. */
import { mkdirSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { GoLanguage } from "./language.ts";
import type { LanguageLayerSpec } from "./language-layer.ts";
import { runAsRoot } from "./packages-layer.ts";

/** For Go as root in a sandbox. */
export const GO_ENV = "export HOME=/tmp/home GOMODCACHE=/tmp/go GOFLAGS=-modcacherw; cd /tmp";

export async function fillGoLayer(spec: LanguageLayerSpec, language: GoLanguage, draft: string, files: string): Promise<void> {
  const bootstrap = spec.cache.find(language.bootstrap.id);
  if (bootstrap === null) throw new Error("the bootstrap Go is missing");
  const upper = await runAsRoot(spec, draft, {
    title: `fetching ${language.title}`,
    layers: [spec.cache.layer(bootstrap)],
    command: `set -e
${GO_ENV}
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
