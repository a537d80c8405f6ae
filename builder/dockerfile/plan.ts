/** Whether a Dockerfile builds this commit, which one, and what it may see of the config. Pure. */
import type { BuildSettings, SourceTree } from "../../buildpacks/index.ts";

export interface DockerfilePlan {
  /** Relative to the app's directory. */
  readonly path: string;
  /** For the reader: `Dockerfile`, `build/dockerfile in pushboat.yml`. */
  readonly reason: string;
  readonly args: Readonly<Record<string, string>>;
  /** Config keys that it may see: `build/env` in pushboat.yml. */
  readonly configKeys: readonly string[];
}

const USUAL_NAME = "Dockerfile";

/** Before every buildpack: whoever writes a Dockerfile wants it used. Naming another buildpack in pushboat.yml or app.json switches it off. null: none. */
export function planDockerfile(source: Pick<SourceTree, "entries">, settings: BuildSettings): DockerfilePlan | null {
  const { named = [], dockerfile, args = {}, env = [] } = settings;
  const rest = { args, configKeys: env };
  if (dockerfile !== undefined) return { path: dockerfile.replace(/^(?:\.\/)+/, ""), reason: "build/dockerfile in pushboat.yml", ...rest };
  if (named.some(({ ids }) => ids.includes("dockerfile"))) return { path: USUAL_NAME, reason: "build/buildpack in pushboat.yml", ...rest };
  if (named.length > 0 || source.entries.get(USUAL_NAME)?.type !== "file") return null;
  return { path: USUAL_NAME, reason: USUAL_NAME, ...rest };
}
