/** proc-receive, spoken with git (githooks(5)): each branch goes to control, whose outcome is reported ref by ref. */
import { asPushboatError, type PushHandler, type PushRequest, type RefOutcome, type RefUpdate, renderError } from "../../core/index.ts";
import { conflictingRef } from "../git/heads.ts";
import { encodePacket, FLUSH, readSection } from "../git/pkt-line.ts";
import type { HookConnection } from "./connection.ts";
import { allRefused, parseRefUpdate, refuse, sortUpdates } from "./refs.ts";

export interface ReceivedPush {
  readonly connection: HookConnection;
  readonly push: Omit<PushRequest, "updates" | "options">;
  readonly pushes: PushHandler;
  /** Full names of the branches there are. */
  readonly heads: () => Promise<readonly string[]>;
}

const FEATURES = ["push-options", "atomic"];
const MAX_REASON_LENGTH = 400;

export async function receivePush(received: ReceivedPush): Promise<void> {
  const { connection } = received;
  const features = negotiate(await readSection(connection.packets));
  if (features === null) return connection.exit(1);
  connection.write(Buffer.concat([encodePacket(`version=1\0${features.join(" ")}`), FLUSH]));

  const lines = await readSection(connection.packets);
  const options = features.includes("push-options") ? await readSection(connection.packets) : [];
  if (lines === null || options === null) return connection.exit(1);

  const updates = lines.map(parseRefUpdate);
  const report = await decide(received, updates, { options, atomic: features.includes("atomic") });
  connection.write(Buffer.concat([...report.map(encodePacket), FLUSH]));
  connection.exit(0);
}

/** The features that both sides have; null where git speaks another version. */
export function negotiate(section: readonly string[] | null): readonly string[] | null {
  const [version, offered = ""] = section?.[0]?.split("\0") ?? [];
  if (version !== "version=1") return null;
  return FEATURES.filter((feature) => offered.split(" ").includes(feature));
}

interface PushTerms {
  readonly options: readonly string[];
  readonly atomic: boolean;
}

async function decide(received: ReceivedPush, updates: readonly RefUpdate[], { options, atomic }: PushTerms): Promise<readonly string[]> {
  const { branches, tags, refused } = sortUpdates(updates, { atomic });
  const deployed = branches.length === 0 ? [] : await deploy(received, branches, options);
  const outcomes = [...refused, ...deployed];
  if (atomic && outcomes.some(({ ok }) => !ok)) return allRefused(updates, outcomes).flatMap(reportOutcome);
  if (tags.length > 0 && branches.length === 0) received.push.progress("       Tags are stored; only branches deploy.");
  return [...outcomes.flatMap(reportOutcome), ...tags.flatMap(({ ref }) => [`ok ${ref}`, "option fall-through"])];
}

async function deploy(received: ReceivedPush, updates: readonly RefUpdate[], options: readonly string[]): Promise<readonly RefOutcome[]> {
  const { push, pushes } = received;
  try {
    const refused = await refuseConflicts(received, updates);
    const possible = updates.filter(({ ref }) => !refused.has(ref));
    const reported = possible.length === 0 ? [] : await pushes.receive({ ...push, updates: possible, options });
    const outcomes = new Map([...reported.map((outcome) => [outcome.ref, outcome] as const), ...refused]);
    return updates.map(({ ref }) => outcomes.get(ref) ?? refuse(ref, "Pushboat gave no outcome for this ref"));
  } catch (thrown) {
    const error = asPushboatError(thrown);
    push.progress(renderError(error).join("\n"));
    return updates.map(({ ref }) => refuse(ref, error.message));
  }
}

/** Before anything is built: git would refuse these names only when the ref is moved, and then the deploy is live already. */
async function refuseConflicts({ heads }: ReceivedPush, updates: readonly RefUpdate[]): Promise<ReadonlyMap<string, RefOutcome>> {
  const fresh = updates.filter(({ oldCommit, newCommit }) => oldCommit === null && newCommit !== null).map(({ ref }) => ref);
  const known = fresh.length === 0 ? [] : await heads();
  const refused = fresh.flatMap((ref) => {
    const other = conflictingRef(ref, [...known, ...fresh]);
    const reason = `git cannot keep this branch beside ${other?.replace("refs/heads/", "")}`;
    return other === null ? [] : [[ref, refuse(ref, reason)] as const];
  });
  return new Map(refused);
}

/** The lines of the report; a reason is one line of it. */
export function reportOutcome(outcome: RefOutcome): readonly string[] {
  if (outcome.ok) return [`ok ${outcome.ref}`];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  const reason = outcome.reason.replace(/[\x00-\x1f\x7f]+/g, " ").trim();
  return [`ng ${outcome.ref} ${reason.slice(0, MAX_REASON_LENGTH) || "refused"}`];
}
