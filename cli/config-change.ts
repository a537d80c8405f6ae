/** The one way that config commands change something: what is said, done, and shown afterwards. */
import type { Target } from "../control/index.ts";
import { type Result, result, type Session } from "./command.ts";
import { outcomeJson } from "./json-forms.ts";
import { outcomeText } from "./outcome.ts";
import { fields } from "./table.ts";

/** With -a, a first word that is no key is taken for the target. */
export const CONFIG_KEY_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

const MOST_LISTED = 20;

export async function changeConfig(session: Session, target: Target, changes: Readonly<Record<string, string | null>>): Promise<Result> {
  const keys = Object.keys(changes);
  const verb = Object.values(changes).every((value) => value === null) ? "Unsetting" : "Setting";
  session.progress.begin(`${verb} ${listed(keys)} and restarting ${target.name}`);
  const outcome = await session.control.changeConfig(target, changes, session.actor);
  session.progress.done(outcomeText(outcome));
  const set = Object.entries(changes).filter((entry): entry is [string, string] => entry[1] !== null);
  return result(outcomeJson(outcome), fields(Object.fromEntries(set)));
}

function listed(keys: readonly string[]): string {
  const more = keys.length - MOST_LISTED;
  return more > 0 ? `${keys.slice(0, MOST_LISTED).join(", ")} and ${more} more` : keys.join(", ");
}
