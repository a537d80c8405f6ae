/** A runtime with exact versions: what a request came to, and the identity of its layer. Pure. */
import { npmOfNode, type RuntimeRequest, resolveVersion } from "../buildpacks/index.ts";
import type { LayerId } from "../core/index.ts";
import { layerId } from "./identity.ts";
import { MIME_TYPES, SERVE, UNPACK } from "./nginx-recipe.ts";

export type Language =
  | {
      readonly kind: "node";
      readonly id: LayerId;
      readonly title: string;
      readonly node: string;
      readonly npm: string;
      readonly from: string;
    }
  | { readonly kind: "nginx"; readonly id: LayerId; readonly title: string };

/** Raise it to make Node's layers anew. */
const NODE_RECIPE = 1;

export interface KnownVersions {
  readonly node: readonly string[];
  /** Only asked for when a source names a range of npm. */
  readonly npm: readonly string[];
}

export function resolveLanguage(request: RuntimeRequest, known: KnownVersions, base: LayerId, architecture: string): Language {
  if (request.kind === "nginx") return { kind: "nginx", id: layerId("nginx", { MIME_TYPES, SERVE, UNPACK, base }), title: "nginx" };
  const node = resolveVersion("Node", request.node, known.node);
  const npm = request.npm === null ? npmOfNode(node) : resolveVersion("npm", request.npm, known.npm);
  return {
    kind: "node",
    id: layerId("node", { NODE_RECIPE, node, npm, architecture }),
    title: `node ${node}`,
    node,
    npm,
    from: request.node.from,
  };
}

/** What a step stands on, for its key and for the sentence that says what changed. */
export function languageInputs(language: Language): Readonly<Record<string, string>> {
  return language.kind === "node" ? { Node: language.node, npm: language.npm } : { nginx: language.id };
}
