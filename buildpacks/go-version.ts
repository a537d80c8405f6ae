/** Which Go a module asks for. */
import { PushboatError, quote } from "../core/index.ts";
import type { PackagesRequest, VersionRequest } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";

/** Debian's Go: fetches the toolchain that the module asks for, and is in no image and no build. */
export const GO_BOOTSTRAP: PackagesRequest = {
  kind: "packages",
  name: "gobootstrap",
  title: "Debian's Go (to fetch others with)",
  packages: ["golang-go", "ca-certificates", "git"],
};

/** Go since 1.21 fetches toolchains through the module proxy; older lines have none there, and newer ones build their modules. */
const OLDEST_MINOR = 21;

/**
 * A `toolchain` line is exact. `go 1.24.2` is a minimum that names a release: that one. `go 1.24` names a line: its newest
 * release, as Heroku does. In a workspace go.work has the last word, as it has for Go.
 */
export function requestGo(source: SourceTree): VersionRequest {
  for (const file of ["go.work", "go.mod"]) {
    const text = source.texts.get(file);
    if (text === undefined) continue;
    const toolchain = /^toolchain\s+go(\d+\.\d+(?:\.\d+)?)\s*(?:\/\/.*)?$/m.exec(text)?.[1];
    if (toolchain !== undefined) return request(toolchain, `toolchain in ${file}`);
    const go = /^go\s+(\S+)\s*(?:\/\/.*)?$/m.exec(text)?.[1];
    if (go !== undefined) return request(go, `go in ${file}`);
  }
  return { range: "1", from: "Pushboat's default, the newest Go" };
}

function request(text: string, from: string): VersionRequest {
  const match = /^1\.(\d+)(?:\.(\d+))?(?:rc\d+)?$/.exec(text);
  if (match === null) {
    throw new PushboatError({
      code: "build/go-version",
      message: `${quote(text)} is not a version of Go (${from})`,
      hint: "Write it as go 1.26 or go 1.26.1.",
    });
  }
  const [, minor, patch] = match;
  if (Number(minor) < OLDEST_MINOR)
    return { range: `1.${OLDEST_MINOR}`, from: `${from}, which says ${text}; the oldest that is to be had` };
  return { range: patch === undefined ? `~1.${minor}.0` : `1.${minor}.${patch}`, from };
}
