/** Filesystems of their own in sparse files: what is written in one can never be more than it holds, whoever writes and however. */
import { existsSync, renameSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { runCommandOrThrow } from "../command.ts";
import type { KernelHelper } from "../kernel/helper.ts";

export interface Images {
  /** A writable layer: an empty filesystem at target, whose file is gone when nobody uses it any more. */
  scratch(bytes: number, image: string, target: string): Promise<void>;
  /** Kept: made where it is not there yet, mounted at target. */
  kept(bytes: number, image: string, target: string): Promise<void>;
}

export interface ImagesOptions {
  /** Where templates lie: making a filesystem takes ten times as long as copying one. */
  readonly directory: string;
  readonly helper: KernelHelper;
}

/** Nobody recovers a writable layer after a crash of the machine, so it needs no journal. */
const SCRATCH_FEATURES = "^has_journal,^resize_inode";

export function createImages({ directory, helper }: ImagesOptions): Images {
  const templates = new Map<number, Promise<string>>();

  const template = (bytes: number): Promise<string> => {
    const known = templates.get(bytes);
    if (known !== undefined) return known;
    const path = `${directory}/template-${bytes}`;
    const made = makeFilesystem(path, bytes, ["-O", SCRATCH_FEATURES]).then(() => path);
    templates.set(bytes, made);
    made.catch(() => templates.delete(bytes));
    return made;
  };

  return {
    async scratch(bytes, image, target) {
      await helper.mountScratch(await template(bytes), image, target);
    },
    async kept(bytes, image, target) {
      if (!existsSync(image)) {
        await makeFilesystem(`${image}.new`, bytes, []);
        renameSync(`${image}.new`, image);
      }
      await helper.mountImage(image, target);
    },
  };
}

/** Sparse: takes what is written in it, and gives it back (discard). */
async function makeFilesystem(path: string, bytes: number, more: readonly string[]): Promise<void> {
  await writeFile(path, "", { mode: 0o600 });
  await truncate(path, bytes);
  await runCommandOrThrow("mke2fs", [
    "-q",
    "-F",
    "-t",
    "ext4",
    "-m",
    "0",
    "-E",
    "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
    ...more,
    path,
  ]);
}
