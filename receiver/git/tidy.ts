/**
 * Every push leaves a pack (receive.unpackLimit=1) and git's own collecting is off, so that no push waits for it. Here packs are
 * joined in the background once there are many. Nothing is thrown away: what no ref reaches may belong to a deploy that still runs.
 */
import { readdir } from "node:fs/promises";
import { setPriority } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import type { AppName } from "../../core/index.ts";
import { gitEnvironment } from "./environment.ts";
import { closed, endGroup, type GitUser, spawnGit } from "./process.ts";

export interface Tidier {
  /** After a push. Answers at once. */
  consider(app: AppName): void;
  close(): void;
}

export interface TidierDependencies {
  readonly gitUser: GitUser;
  readonly path: (app: AppName) => string;
  readonly log: Logger;
}

/** git's own gc.autoPackLimit. */
const MAX_PACKS = 50;
const LOW_PRIORITY = 15;

export function createTidier({ gitUser, path, log }: TidierDependencies): Tidier {
  const running = new Map<AppName, () => void>();
  const tidy = async (app: AppName): Promise<void> => {
    const packs = (await readdir(join(path(app), "objects", "pack"))).filter((name) => name.endsWith(".pack"));
    if (packs.length <= MAX_PACKS || running.size > 0) return;
    const child = spawnGit({
      gitUser,
      args: ["-C", path(app), "repack", "--geometric=2", "-d", "-q"],
      env: gitEnvironment({ "pack.threads": "1", "repack.writeBitmaps": "false" }),
    });
    running.set(app, () => endGroup(child));
    if (child.pid !== undefined) setPriority(child.pid, LOW_PRIORITY);
    child.stdin.end();
    for (const stream of [child.stdout, child.stderr]) stream.resume();
    const code = await closed(child).finally(() => running.delete(app));
    log.debug({ app, code, packs: packs.length }, "packs were joined");
  };
  return {
    // The repository may be gone by now: no news.
    consider: (app) => void tidy(app).catch((error) => log.debug({ err: error, app }, "packs were not joined")),
    close: () => {
      for (const end of running.values()) end();
    },
  };
}
