/** Which Go releases there are, as the module proxy says when Debian's Go asks it. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { GO_BOOTSTRAP } from "../buildpacks/index.ts";
import { GO_ENV } from "./go-layer.ts";
import { packagesLanguage } from "./language.ts";
import { ensureLanguageLayer, type LanguageLayerSpec } from "./language-layer.ts";
import { runAsRoot } from "./packages-layer.ts";

const VERSIONS_FILE = "/opt/go-versions";

export async function listGoVersions(spec: Omit<LanguageLayerSpec, "language">): Promise<readonly string[]> {
  const language = packagesLanguage(GO_BOOTSTRAP, spec.base.id);
  const { record } = await ensureLanguageLayer({ ...spec, language });
  const draft = spec.cache.draft("go-versions");
  try {
    const upper = await runAsRoot(spec, draft, {
      title: "listing the Go releases",
      layers: [spec.cache.layer(record)],
      command: `${GO_ENV}; GOTOOLCHAIN=local go list -m -versions go > ${VERSIONS_FILE}`,
    });
    // `go 1.21 1.21.0 ...`
    return readFileSync(join(upper, VERSIONS_FILE), "utf8").trim().split(/\s+/).slice(1);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
