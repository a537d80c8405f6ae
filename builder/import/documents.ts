/** An OCI image's manifest and config, as far as a release needs them. What is in them was written by a build: strict, and pure. */
import { z } from "zod";
import { checkShape } from "../../core/index.ts";

/** Names a file: nothing else may get through. */
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "must be a sha256 digest");
const words = z.array(z.string().max(100_000)).max(10_000).nullish();

const manifestSchema = z.object({
  config: z.object({ digest }),
  layers: z.array(z.object({ digest })).max(400),
});

const configSchema = z.object({
  architecture: z.string().optional(),
  config: z
    .object({
      User: z.string().max(256).nullish(),
      Env: words,
      Entrypoint: words,
      Cmd: words,
      WorkingDir: z.string().max(4_096).nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
  rootfs: z.object({ diff_ids: z.array(digest).max(400) }),
  history: z.array(z.object({ created_by: z.string().nullish(), empty_layer: z.boolean().nullish() })).nullish(),
});

export type ImageManifest = z.infer<typeof manifestSchema>;
export type ImageDocument = z.infer<typeof configSchema>;

export function readManifest(value: unknown): ImageManifest {
  return checkShape(manifestSchema, value, "the image's manifest", "image/document");
}

export function readDocument(value: unknown): ImageDocument {
  return checkShape(configSchema, value, "the image's config", "image/document");
}

const MAX_TITLE = 72;

/** For each layer what made it: `RUN apt-get update`, `COPY dir:...`. */
export function layerTitles({ rootfs, history }: ImageDocument): readonly string[] {
  const made = (history ?? []).filter((entry) => entry.empty_layer !== true);
  // Other tools may leave history out, or tell it differently.
  const told = made.length === rootfs.diff_ids.length;
  return rootfs.diff_ids.map((diffId, index) => (told ? titleOf(made[index]?.created_by ?? "") : "") || `layer ${diffId.slice(7, 19)}`);
}

/** `|2 TOKEN=x B=y /bin/sh -c make` holds the values of build arguments: only the command may be shown. */
function titleOf(createdBy: string): string {
  const [, instruction] = /#\(nop\)\s+(.*)$/s.exec(createdBy) ?? [];
  const [, command] = /^(?:\|\d+ .*)?\/bin\/sh -c (?!#\(nop\))(.*)$/s.exec(createdBy) ?? [];
  const text = instruction ?? (command === undefined ? (createdBy.startsWith("|") ? "" : createdBy) : `RUN ${command}`);
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > MAX_TITLE ? `${line.slice(0, MAX_TITLE - 3)}...` : line;
}
