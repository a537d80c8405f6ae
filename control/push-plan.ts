/** Which updates of a push deploy, which delete, which are refused. Pure. */
import { asPushboatError, type BranchName, PushboatError, parseBranchName, type RefUpdate } from "../core/index.ts";

/** More would hold the pusher's terminal for long and hide which one failed (design section 3). */
const MAX_DEPLOYS_A_PUSH = 3;

export type PushStep =
  | { readonly kind: "refuse"; readonly ref: string; readonly reason: string }
  | { readonly kind: "delete"; readonly update: RefUpdate; readonly branch: BranchName }
  | { readonly kind: "deploy"; readonly update: RefUpdate; readonly branch: BranchName; readonly production: boolean };

/** Which updates deploy, production first; the first push of an app sets production: main or master if among the refs, else its only ref. */
export function planUpdates(
  updates: readonly RefUpdate[],
  production: BranchName | null,
): { readonly steps: readonly PushStep[]; readonly newProduction: BranchName | null } {
  const steps: PushStep[] = [];
  const branches: { update: RefUpdate; branch: BranchName }[] = [];
  for (const update of updates) {
    try {
      if (!update.ref.startsWith("refs/heads/")) throw new PushboatError({ code: "push/ref", message: "only branches deploy" });
      branches.push({ update, branch: parseBranchName(update.ref.slice("refs/heads/".length)) });
    } catch (error) {
      steps.push({ kind: "refuse", ref: update.ref, reason: asPushboatError(error).message });
    }
  }
  for (const { update, branch } of branches) if (update.newCommit === null) steps.push({ kind: "delete", update, branch });
  const deploys = branches.filter(({ update }) => update.newCommit !== null);
  const only = deploys.length === 1 ? deploys[0]?.branch : undefined;
  const named = ["main", "master"]
    .map((name) => deploys.find(({ branch }) => branch === name)?.branch)
    .find((branch) => branch !== undefined);
  const newProduction = production === null ? (named ?? only ?? null) : null;
  const effective = production ?? newProduction;
  const ordered = [...deploys].sort((a, b) => Number(b.branch === effective) - Number(a.branch === effective));
  for (const [index, { update, branch }] of ordered.entries()) {
    if (effective === null) {
      steps.push({ kind: "refuse", ref: update.ref, reason: "which branch is production? push main, master, or one branch alone first" });
    } else if (index >= MAX_DEPLOYS_A_PUSH) {
      steps.push({
        kind: "refuse",
        ref: update.ref,
        reason: `at most ${MAX_DEPLOYS_A_PUSH} branches deploy in one push: push it by itself`,
      });
    } else {
      steps.push({ kind: "deploy", update, branch, production: branch === effective });
    }
  }
  return { steps, newProduction };
}
