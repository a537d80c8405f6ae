/** Source -> Image: the builder's face towards control. */
import type { EventSink } from "./events.ts";
import type { Image, Layer, LayerId } from "./image.ts";
import type { AppName, CommitId, EnvironmentName } from "./names.ts";
import type { TestPhase } from "./test-phase.ts";

export interface BuildRequest {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  /** Bare git repository that holds the commit; read as the git user. */
  readonly repository: string;
  readonly commit: CommitId;
  /** The commit of this environment's current release (or of production, for a new branch): the app layer is built as a delta on its layer. */
  readonly previousCommit: CommitId | null;
  /** Of the environment; a build sees only the keys that its pushboat.yml names. */
  readonly config?: Readonly<Record<string, string>>;
  /** Run in what was built; where it fails the build fails. Absent: there are no tests, or the push skips them. */
  readonly test?: TestPhase;
  /** What the app knows of registries: for base images of its Dockerfile that are not everybody's. */
  readonly logins?: readonly RegistryLogin[];
  /** -o no-cache: every layer but base and language is made anew. */
  readonly noCache: boolean;
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

/** An image that was built elsewhere. `path` is absolute, on the server; `name`: the tag or reference in it, null where there is only one. */
export type ImageSource =
  | { readonly kind: "oci-archive" | "docker-archive" | "oci"; readonly path: string; readonly name: string | null }
  | { readonly kind: "docker"; readonly reference: string };

/** Who a registry knows an app as. */
export interface RegistryLogin {
  /** Host name, with a port where it has one. */
  readonly host: string;
  readonly user: string;
  readonly password: string;
}

export interface ImageRequest {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly source: ImageSource;
  readonly logins: readonly RegistryLogin[];
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

/** What -o dry-run prints. */
export interface BuildForecast {
  readonly lines: readonly string[];
}

export interface Builder {
  /** Makes the base image where it is missing (once for each machine). */
  prepare(onEvent: EventSink): Promise<void>;
  build(request: BuildRequest): Promise<Image>;
  forecast(request: BuildRequest): Promise<BuildForecast>;
  /** Takes an image from a registry or from a file of the server. */
  importImage(request: ImageRequest): Promise<Image>;
  /** An image by its digest from the image records; null where it was swept. */
  image(digest: string): Promise<Image | null>;
  /** What the layer takes on disk, shared or not. */
  layerBytes(layer: Layer): Promise<number>;
  /** Writes a standard OCI layout (tar layers, at least base/language/dependencies/app) into an existing or new directory; the same image gives the same digest. */
  exportOci(image: Image, directory: string, tag: string): Promise<{ readonly digest: string }>;
  /** Before this process, the only one that builds here, begins its first build: what a killed one left half done goes. */
  removeDrafts(): Promise<void>;
  /**
   * Removes images that are none of these, and of the layers that neither they nor a build need the least recently used, until all
   * layers together fit the budget (default: the setting's; 0: all of them). Answers what went.
   */
  sweep(
    keptDigests: readonly string[],
    layerBudgetBytes?: number,
  ): Promise<{ readonly removed: readonly LayerId[]; readonly freedBytes: number }>;
}
