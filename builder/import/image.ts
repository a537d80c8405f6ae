/** An image directory as an image of ours: layers, how to run it, its record. */
import type { Image, Processes } from "../../core/index.ts";
import { imageDigest } from "../identity.ts";
import { isWhole } from "../image.ts";
import { readAccountFiles } from "./account-files.ts";
import { importedLayerId, importLayers, type LayerImport } from "./layers.ts";
import { runConfig, runHints, runProcesses } from "./run-config.ts";

export interface ImageImport extends LayerImport {
  /** Commands that take the place of the image's own. */
  readonly procfile: Processes;
  /** For messages: `Dockerfile`, `oci-archive:app.tar`. */
  readonly from: string;
}

export async function importImage(order: ImageImport): Promise<Image> {
  const { parts, image, onEvent } = order;
  // Nothing that is found now may be swept before the image names it.
  const release = parts.leases.hold(image.diffIds.map(importedLayerId));
  try {
    const processes = runProcesses(image.document, order.procfile, order.from);
    const layers = await importLayers(order);
    const content = { layers, config: runConfig(image.document, readAccountFiles(layers)), processes };
    for (const text of runHints(image.document)) onEvent({ kind: "detail", text });
    const digest = imageDigest(content);
    const known = parts.images.find(digest)?.image;
    const made = known !== undefined && isWhole(parts, known) ? known : { digest, ...content };
    parts.images.save({ image: made, createdMs: parts.now() });
    return made;
  } finally {
    release();
  }
}
