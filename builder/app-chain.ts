/** Which stored directories a new app layer stands on: the decision of decision record 0005. Pure. */
import type { LayerRecord } from "./layer-store.ts";
import type { Change } from "./tree-changes.ts";

/** Each directory of a chain costs a path in the mount options and a lookup for files that are not there. */
const MAX_DELTAS = 8;
/** A delta that holds more than this part of the files is no saving any more. */
const MAX_CHANGED_PART = 0.5;
const ALWAYS_SMALL = 64;

/** A stored part of a chain, lowest first; `tree` is what it shows. */
export interface ChainBase {
  readonly directories: readonly string[];
  readonly trees: readonly string[];
  readonly files: number;
}

/** The bases to try, best first; when none will do, the layer is written whole. */
export function candidateBases(previous: LayerRecord | null): readonly ChainBase[] {
  if (previous?.trees === undefined || previous.files === undefined) return [];
  const { directories, trees, files } = previous;
  const whole = { directories, trees, files };
  const lowest = { directories: directories.slice(0, 1), trees: trees.slice(0, 1), files };
  // After 8 deltas: one delta on the lowest directory holds what they hold together, and the count begins again.
  if (directories.length > MAX_DELTAS) return [lowest];
  return directories.length === 1 ? [whole] : [whole, lowest];
}

export function fits(base: ChainBase, changes: readonly Change[]): boolean {
  return !changes.some(hidesDependencies) && changes.length <= Math.max(ALWAYS_SMALL, base.files * MAX_CHANGED_PART);
}

/** A whiteout in the app layer hides the dependency layer below it too: such a commit is written whole, without whiteouts. */
function hidesDependencies({ path }: Change): boolean {
  return path === "node_modules" || path.startsWith("node_modules/");
}
