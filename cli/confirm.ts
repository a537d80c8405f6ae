/** Asking before something is gone for good: the name is typed at a terminal, or given with --confirm. */
import { PushboatError, quote } from "../core/index.ts";
import type { CommandOption, Session } from "./command.ts";

export const CONFIRM_OPTION: CommandOption = { flags: "--confirm NAME", description: "the same name once more, instead of being asked" };

export interface Confirmation {
  readonly name: string;
  /** Value of --confirm. */
  readonly given: string | null;
  /** What will be gone. */
  readonly warning: string;
  /** The command that needs no question. */
  readonly command: string;
}

export async function confirm(session: Session, { name, given, warning, command }: Confirmation): Promise<void> {
  if (given === name) return;
  if (given !== null) throw refused(`--confirm is ${quote(given)}, not ${quote(name)}; nothing was destroyed`, command);
  if (!session.input.isTerminal) throw refused(`${warning} Nobody can be asked here`, command);
  session.progress.warn(warning);
  const answer = await session.input.ask(` !     Type ${name} to go on: `);
  if (answer?.trim() !== name) throw refused("The name was not typed; nothing was destroyed", command);
}

function refused(message: string, command: string): PushboatError {
  return new PushboatError({ code: "usage/confirm", message, hint: `To do it, type: ${command}` });
}
