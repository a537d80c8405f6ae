/** What a ref is to us: a branch deploys, a tag is stored, everything else is refused. */
import { type CommitId, PushboatError, parseCommitId, type RefOutcome, type RefUpdate } from "../../core/index.ts";

export type RefKind = "branch" | "tag" | "other";

export function refKind(ref: string): RefKind {
  if (/^refs\/heads\/./.test(ref)) return "branch";
  if (/^refs\/tags\/./.test(ref)) return "tag";
  return "other";
}

/** `OLD NEW REF`, as git tells both hooks. */
export function parseRefUpdate(line: string): RefUpdate {
  const match = /^([0-9a-f]+) ([0-9a-f]+) (.+)$/s.exec(line.replace(/\n$/, ""));
  if (match === null)
    throw new PushboatError({
      code: "push/update",
      message: `git sent an update that cannot be read: ${line.slice(0, 100)}`,
      kind: "platform",
    });
  const [, oldId, newId, ref] = match as unknown as [string, string, string, string];
  return { ref, oldCommit: commitOrNull(oldId), newCommit: commitOrNull(newId) };
}

export interface Sorted {
  readonly branches: readonly RefUpdate[];
  readonly tags: readonly RefUpdate[];
  /** Refused before anybody is asked. */
  readonly refused: readonly RefOutcome[];
}

const OTHER_REF_REASON = "only branches and tags can be pushed to Pushboat";
const ATOMIC_BRANCHES_REASON = "--atomic takes one branch here: two deploys cannot be undone together; push the branches one by one";

export function sortUpdates(updates: readonly RefUpdate[], { atomic }: { readonly atomic: boolean }): Sorted {
  const branches = updates.filter(({ ref }) => refKind(ref) === "branch");
  const tags = updates.filter(({ ref }) => refKind(ref) === "tag");
  const refused = updates.filter(({ ref }) => refKind(ref) === "other").map(({ ref }) => refuse(ref, OTHER_REF_REASON));
  if (!atomic) return { branches, tags, refused };
  if (branches.length > 1) refused.push(...branches.map(({ ref }) => refuse(ref, ATOMIC_BRANCHES_REASON)));
  return refused.length === 0 ? { branches, tags, refused } : { branches: [], tags: [], refused: allRefused(updates, refused) };
}

/** One failed, so all did. */
export function allRefused(updates: readonly RefUpdate[], outcomes: readonly RefOutcome[]): readonly RefOutcome[] {
  const failed = outcomes.find((outcome) => !outcome.ok);
  if (failed === undefined) return outcomes;
  return updates.map(
    ({ ref }) => outcomes.find((outcome) => outcome.ref === ref && !outcome.ok) ?? refuse(ref, `atomic push: ${failed.ref} was refused`),
  );
}

export function refuse(ref: string, reason: string): RefOutcome & { readonly ok: false } {
  return { ref, ok: false, reason };
}

function commitOrNull(id: string): CommitId | null {
  return /^0+$/.test(id) ? null : parseCommitId(id);
}
