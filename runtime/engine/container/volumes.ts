/** Volumes that are filesystems of their own: mounted at their directory from the first use until somebody closes them. */
import { rmdirSync } from "node:fs";
import { PushboatError, volumeImage } from "../../../core/index.ts";
import type { KernelHelper } from "../kernel/helper.ts";
import { readMountPoints } from "../kernel/mounts.ts";
import type { Images } from "./images.ts";

export interface Volumes {
  open(directory: string, limitBytes: number | null): Promise<void>;
  close(directory: string): Promise<void>;
}

export interface VolumesOptions {
  /** null: the host has no loop devices. */
  readonly images: Images | null;
  readonly helper: KernelHelper;
}

export function createVolumes({ images, helper }: VolumesOptions): Volumes {
  /** One filesystem mounted twice would be destroyed: whoever asks for one that is being opened waits for the same. */
  const opening = new Map<string, Promise<void>>();

  const mount = async (directory: string, limitBytes: number): Promise<void> => {
    if (readMountPoints().includes(directory)) return;
    if (images === null) throw noImages();
    await images.kept(limitBytes, volumeImage(directory), directory);
    try {
      rmdirSync(`${directory}/lost+found`);
    } catch {} // of an earlier time, or with something in it
  };

  return {
    async open(directory, limitBytes) {
      if (limitBytes === null) return;
      const running = opening.get(directory) ?? mount(directory, limitBytes).finally(() => opening.delete(directory));
      opening.set(directory, running);
      await running;
    },
    async close(directory) {
      await helper.unmount(readMountPoints().filter((path) => path === directory || path.startsWith(`${directory}/`)));
    },
  };
}

function noImages(): PushboatError {
  return new PushboatError({
    code: "engine/no-loop-devices",
    message: "this host gives no loop devices, so a volume cannot have a size",
    hint: "Load the kernel module `loop`, or make the volume without --size.",
    kind: "platform",
  });
}
