/** The one place that runs the host's npm: which versions there are, and packages as files. It honours the host's own npm configuration. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PushboatError } from "../core/index.ts";
import { systemFailure } from "./failure.ts";
import { runOnHost } from "./host-command.ts";
import { knownList } from "./version-list.ts";

const VIEW_TIMEOUT_MS = 60_000;
const PACK_TIMEOUT_MS = 5 * 60_000;

export interface NpmRegistry {
  versions(packageName: string): Promise<readonly string[]>;
  /** Unpacks `name@version` into `directory`, without its leading `package/`. */
  unpack(packageName: string, version: string, directory: string): Promise<void>;
  /** Address of the registry that the host uses. */
  address(): Promise<string>;
}

export function createNpmRegistry(cacheDirectory: string, versionsDirectory: string, now: () => number): NpmRegistry {
  const npm = (...args: string[]): [string, ...string[]] => ["npm", "--cache", join(cacheDirectory, "npm"), "--loglevel=error", ...args];
  mkdirSync(versionsDirectory, { recursive: true });
  const fetchVersions = async (packageName: string): Promise<readonly string[]> => {
    const { stdout } = await runOnHost({ argv: npm("view", packageName, "versions", "--json"), timeoutMs: VIEW_TIMEOUT_MS });
    return JSON.parse(stdout) as string[];
  };

  return {
    versions: (packageName) =>
      knownList(versionsDirectory, packageName, now, () => fetchVersions(packageName)).catch((error: unknown) => {
        throw unreachable(packageName, error);
      }),

    async unpack(packageName, version, directory) {
      const { stdout } = await runOnHost({
        argv: npm("pack", `${packageName}@${version}`, "--ignore-scripts", "--silent", "--pack-destination", directory),
        cwd: directory,
        timeoutMs: PACK_TIMEOUT_MS,
      }).catch((error: unknown) => {
        throw unreachable(`${packageName}@${version}`, error);
      });
      const archive = join(directory, stdout.trim().split("\n").at(-1) ?? "");
      await runOnHost({
        argv: ["tar", "-xzf", archive, "-C", directory, "--strip-components=1", "--no-same-owner", "--no-same-permissions"],
        timeoutMs: PACK_TIMEOUT_MS,
      }).catch((error: unknown) => {
        throw systemFailure({ code: "build/unpack", what: `${packageName}@${version} could not be unpacked`, cause: error });
      });
      await runOnHost({ argv: ["rm", "-f", archive], timeoutMs: VIEW_TIMEOUT_MS });
    },

    async address() {
      const { stdout } = await runOnHost({ argv: ["npm", "config", "get", "registry"], timeoutMs: VIEW_TIMEOUT_MS });
      return stdout.trim().split("\n").at(-1) ?? "";
    },
  };
}

function unreachable(what: string, error: unknown): PushboatError {
  return new PushboatError({
    code: "build/npm-registry",
    message: `The npm registry did not give ${what}: ${error instanceof Error ? error.message.split("\n").slice(-2).join("; ") : String(error)}`,
    hint: "Try again; `npm ping` on the server shows whether its npm reaches the registry.",
    kind: "transient",
    cause: error,
  });
}
