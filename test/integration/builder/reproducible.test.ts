/** The same commit with the same inputs is the same image, to the byte, on a platform that never saw it. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { archiveLayer } from "../../../builder/oci/layer-archive.ts";
import type { Image } from "../../../core/index.ts";
import { givenWorkshop } from "./support/given.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/apps");

/** One for each kind of step: npm with and without a build, uv, a compiler, files alone. Base and runtimes are the machine's. */
const APPS = ["express-hello", "vite-static", "flask-hello", "go-hello", "plain-static"];

/** Two cold builds, on a machine that does something else too. */
const TWO_BUILDS_MS = 600_000;

it.each(APPS)(
  "%s built twice, each time from nothing, gives the same digest and the same bytes",
  async (name) => {
    const [one, other] = [await buildFresh(name), await buildFresh(name)];
    expect(other.digest).toBe(one.digest);
    expect(other.diffIds).toEqual(one.diffIds);
  },
  TWO_BUILDS_MS,
);

async function buildFresh(name: string): Promise<{ digest: string; diffIds: readonly string[] }> {
  const workshop = givenWorkshop();
  const scratch = mkdtempSync(join(tmpdir(), "pushboat-reproducible-"));
  try {
    workshop.repository.copy(join(FIXTURES, name));
    workshop.repository.commit();
    const { image } = await workshop.build();
    return { digest: image.digest, diffIds: await ownLayers(image, scratch) };
  } finally {
    workshop.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function ownLayers({ layers }: Image, scratch: string): Promise<readonly string[]> {
  mkdirSync(join(scratch, "blobs"));
  const own = layers.filter(({ kind }) => kind !== "base" && kind !== "language");
  const diffIds: string[] = [];
  for (const layer of own) diffIds.push(`${layer.title} ${(await archiveLayer(layer, join(scratch, "blobs"))).diffId}`);
  return diffIds;
}
