/** Branches that cannot stand beside each other: git keeps `a` as a file and `a/b` in a directory of that name. */
import { gitEnvironment } from "./environment.ts";
import { type GitUser, mustRunGit } from "./process.ts";

/** Full names of all branches. */
export async function listHeads(gitUser: GitUser, repository: string): Promise<readonly string[]> {
  const listed = await mustRunGit({
    gitUser,
    env: gitEnvironment(),
    args: ["-C", repository, "for-each-ref", "--format=%(refname)", "refs/heads"],
  });
  return listed.split("\n").filter((ref) => ref !== "");
}

/** The ref that stands in the way of a new one, or null. */
export function conflictingRef(ref: string, others: readonly string[]): string | null {
  return others.find((other) => other.startsWith(`${ref}/`) || ref.startsWith(`${other}/`)) ?? null;
}
