/** Layers that running builds stand on: a sweep leaves them alone. */
import type { LayerId } from "../core/index.ts";

export interface Leases {
  /** Answers the release; calling it twice does nothing more. */
  hold(ids: readonly LayerId[]): () => void;
  held(): ReadonlySet<LayerId>;
}

export function createLeases(): Leases {
  const holds = new Set<readonly LayerId[]>();
  return {
    hold(ids) {
      const mine = [...ids];
      holds.add(mine);
      return () => void holds.delete(mine);
    },
    held: () => new Set([...holds].flat()),
  };
}
