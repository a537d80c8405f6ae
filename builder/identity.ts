/** Identities by content: canonical JSON, hashed. */
import { createHash } from "node:crypto";
import type { Image, LayerId } from "../core/index.ts";

const IDENTITY_DIGITS = 16;

/** Keys sorted, no spaces; undefined members left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** `deps-0123456789abcdef` of whatever makes the layer what it is. */
export function layerId(prefix: string, inputs: unknown): LayerId {
  return `${prefix}-${sha256(canonicalJson(inputs)).slice(0, IDENTITY_DIGITS)}`;
}

/** Only content counts: where the layers lie and what they are called does not. */
export function imageDigest({ layers, config, processes }: Pick<Image, "layers" | "config" | "processes">): string {
  return `sha256:${sha256(canonicalJson({ layers: layers.map(({ id }) => id), config, processes }))}`;
}
