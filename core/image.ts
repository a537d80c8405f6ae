/** Layers and images: what the builder makes and the runtime starts. */
import type { ProcessType } from "./names.ts";

/** `base-…`, `node-…`, `deps-…`, `app-…`, `build-…`: a short kind and 16 hex digits of the identity. */
export type LayerId = string & { readonly __layer?: never };

export type LayerKind = "base" | "language" | "dependencies" | "app" | "build";

export interface Layer {
  readonly id: LayerId;
  readonly kind: LayerKind;
  /** What a reader calls it: `base (Debian 13)`, `node 24.21.0`, `dependencies`, `app`. */
  readonly title: string;
  /**
   * Read-only directories that together are this layer, lowest first; absolute. Usually one; an app layer is a base plus
   * deltas (decision 0005). Whiteouts are overlayfs's (character device 0:0), owners are those inside the container.
   */
  readonly directories: readonly string[];
}

export interface ProcessDefinition {
  /** `shell`: run by /bin/sh -c, so that $VAR expands (Procfile). `exec`: argv as it is (an image's exec form). */
  readonly form: "shell" | "exec";
  /** One element for `shell`. */
  readonly command: readonly string[];
}

export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Numeric user and group inside the container. */
  readonly uid: number;
  readonly gid: number;
}

export interface Image {
  /** `sha256:` of the canonical JSON of layer ids, config and processes: same content, same digest. */
  readonly digest: string;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
  readonly processes: Readonly<Record<ProcessType, ProcessDefinition>>;
}

/** The user that apps run as, inside the container (uid 0 there is root of the user namespace only). */
export const APP_UID = 1000;
export const APP_GID = 1000;
export const APP_HOME = "/app";
