/** What a command is: data (for parsing, --help and docs/commands.md) and one function from parsed words to work. */
import type { Actor, Control, Target } from "../control/index.ts";
import type { AppName, CommandRequest, Settings } from "../core/index.ts";
import type { Input } from "./input.ts";
import type { Output } from "./output.ts";
import type { Progress } from "./progress.ts";

export interface CommandWord {
  /** As in the usage line: `KEY`, `KEY=VALUE`. */
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** The last word may be given many times. */
  readonly many?: boolean;
  /** What this word looks like; with -a, a first word that does not is taken for the target. */
  readonly pattern?: RegExp;
  /** It names an environment beside the target: the caller needs the command's rights there too. */
  readonly environment?: boolean;
}

export interface CommandOption {
  /** `-n, --lines N`; the long name is the key of Line.flag and Line.value. */
  readonly flags: string;
  readonly description: string;
}

/** The words of one call, bound to the command's target and judged by number; their content is judged by `prepare`. */
export interface Line<T> {
  readonly target: T;
  readonly words: readonly string[];
  flag(long: string): boolean;
  value(long: string): string | null;
}

/** Everything a command may touch while it works. */
export interface Session {
  readonly control: Control;
  readonly settings: Settings;
  readonly request: CommandRequest;
  readonly actor: Actor;
  readonly input: Input;
  readonly output: Output;
  readonly progress: Progress;
  readonly nowMs: number;
}

export interface Result {
  /** What --json prints; undefined: nothing (the command wrote by itself). */
  readonly json: unknown;
  /** Lines of stdout without --json. */
  readonly text: readonly string[];
  readonly exitCode: number;
}

/** Second half of a command: everything was parsed, now it works. Failures are exit 1, those of `prepare` exit 2. */
export type Work = (session: Session) => Promise<Result>;

interface CommandData {
  /** `config:set` */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line, a verb first. */
  readonly summary: string;
  readonly details?: string;
  /** Behind the target. */
  readonly words: readonly CommandWord[];
  readonly options?: readonly CommandOption[];
  readonly examples: readonly string[];
  /** Shape of what --json prints, keys only; null: --json changes nothing. */
  readonly json: string | null;
  /** The last word is a command line of the user, taken as it is; signals and ^C are its own. */
  readonly ownsTerminal?: boolean;
}

interface Targets {
  /** `blog` or `blog@feature-x` */
  readonly environment: Target;
  /** `blog` */
  readonly app: AppName;
  readonly none: null;
}

export interface CommandFor<K extends keyof Targets> extends CommandData {
  readonly target: K;
  prepare(line: Line<Targets[K]>): Work;
}

export type EnvironmentCommand = CommandFor<"environment">;
export type AppCommand = CommandFor<"app">;
export type PlainCommand = CommandFor<"none">;
export type Command = EnvironmentCommand | AppCommand | PlainCommand;

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command[];
}

export function result(json: unknown, text: readonly string[] = [], exitCode = 0): Result {
  return { json, text, exitCode };
}
