/** Whether this host can do what every container needs, asked before the first one: better one clear word than a failed deploy. */
import { mkdirSync, rmSync } from "node:fs";
import { PushboatError } from "../../core/index.ts";
import type { Images } from "./container/images.ts";
import type { KernelHelper } from "./kernel/helper.ts";
import type { Paths } from "./paths.ts";

const SOME_UID = 0x3f00_0000;
const SMALL_IMAGE_BYTES = 16 * 1024 ** 2;

/** Whether writable layers can have a limit; says why not. */
export async function tryImages(paths: Paths, images: Images, helper: KernelHelper): Promise<Error | null> {
  const mounts = `${paths.mounts}/preflight`;
  mkdirSync(mounts, { recursive: true });
  try {
    await images.scratch(SMALL_IMAGE_BYTES, `${paths.scratch}/preflight-image`, `${mounts}/w`);
    await helper.unmount([`${mounts}/w`]);
    return null;
  } catch (error) {
    return error as Error;
  } finally {
    rmSync(mounts, { recursive: true, force: true });
  }
}

/** An overlay of an idmapped directory on the data directory's filesystem: made and taken away again. */
export async function requireMappedOverlays(paths: Paths, helper: KernelHelper): Promise<void> {
  const disk = `${paths.scratch}/preflight`;
  const mounts = `${paths.mounts}/preflight`;
  for (const directory of [disk, mounts]) rmSync(directory, { recursive: true, force: true });
  for (const directory of [`${disk}/layer`, `${disk}/upper`, `${disk}/work`, `${mounts}/fs`, `${mounts}/skeleton`])
    mkdirSync(directory, { recursive: true });
  try {
    await helper.overlay({
      baseUid: SOME_UID,
      target: `${mounts}/fs`,
      upper: `${disk}/upper`,
      work: `${disk}/work`,
      clones: `${mounts}/l`,
      skeleton: `${mounts}/skeleton`,
      layers: [`${disk}/layer`],
    });
    await helper.unmount([`${mounts}/fs`]);
  } catch (cause) {
    throw new PushboatError({
      code: "engine/mapped-overlays",
      message: `this host cannot give containers users of their own: ${(cause as Error).message}`,
      hint: "Needed: Linux 5.19 or newer, and the data directory on ext4, xfs or btrfs (--data DIR).",
      kind: "platform",
      cause,
    });
  } finally {
    for (const directory of [disk, mounts]) rmSync(directory, { recursive: true, force: true });
  }
}
