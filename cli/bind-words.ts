/** Which word is the target: the first one, or -a's value where all words belong to the command. */
import { type ErrorDetails, PushboatError, quote } from "../core/index.ts";
import type { Command } from "./command.ts";
import { usageLine } from "./usage.ts";

export interface BoundWords {
  /** Not parsed yet; null where the command takes none. */
  readonly target: string | null;
  readonly words: readonly string[];
}

/**
 * A local client adds -a for the directory it stands in, so a target that was typed wins over it: one word more than the
 * command takes, or a first word that cannot be the command's.
 */
export function bindWords(command: Command, words: readonly string[], app: string | null): BoundWords {
  const bound = command.target === "none" ? { target: null, words } : withTarget(command, words, app);
  const least = command.words.filter((word) => word.required).length;
  if (bound.words.length < least) throw missing(command, bound.words.length);
  const most = mostWords(command);
  if (bound.words.length > most) {
    throw usage(command, { code: "usage/too-many-words", message: `${command.name} takes no ${quote(bound.words[most] ?? "")}` });
  }
  return bound;
}

function withTarget(command: Command, words: readonly string[], app: string | null): BoundWords {
  if (command.ownsTerminal) return withTargetAndTail(command, words, app);
  const [first, ...rest] = words;
  if (first !== undefined && (app === null || isTarget(command, words, first))) return { target: first, words: rest };
  if (app === null) throw missingTarget(command);
  return { target: app, words };
}

function isTarget(command: Command, words: readonly string[], first: string): boolean {
  const pattern = command.words[0]?.pattern;
  return words.length > mostWords(command) || (pattern !== undefined && !pattern.test(first));
}

/** `blog web.1 npm test`, `blog web.1 -- npm test`; with -a: `web.1 npm test`, `blog web.1 -- npm test`. */
function withTargetAndTail(command: Command, words: readonly string[], app: string | null): BoundWords {
  const fixed = command.words.length - 1;
  const dashes = words.indexOf("--");
  const head = words.slice(0, Math.max(0, dashes));
  const tail = words.slice(dashes + 1);
  const [first, ...rest] = words;
  if (dashes !== -1 && first !== undefined && head.length === fixed + 1) return { target: first, words: [...head.slice(1), ...tail] };
  if (dashes !== -1 && app !== null && head.length === fixed) return { target: app, words: [...head, ...tail] };
  const pattern = fixed > 0 ? command.words[0]?.pattern : undefined;
  if (app !== null && (pattern === undefined || pattern.test(first ?? ""))) return { target: app, words };
  if (first === undefined) throw missingTarget(command);
  return { target: first, words: rest };
}

function mostWords(command: Command): number {
  return command.words.at(-1)?.many ? Number.POSITIVE_INFINITY : command.words.length;
}

function missingTarget(command: Command): PushboatError {
  return usage(command, { code: "usage/no-target", message: `${command.name} needs the name of an app` });
}

function missing(command: Command, given: number): PushboatError {
  const word = command.words[given];
  return usage(command, { code: "usage/missing-word", message: `${command.name} needs ${word?.name}: ${word?.description}` });
}

function usage(command: Command, details: Pick<ErrorDetails, "code" | "message">): PushboatError {
  return new PushboatError({ ...details, hint: `Usage: ${usageLine(command)}\nFor example: ${command.examples[0]}` });
}
