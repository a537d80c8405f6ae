/** Which command an argv asks for, and the words that are left for it. */
import { PushboatError, quote } from "../core/index.ts";
import type { Command } from "./command.ts";
import { nearest } from "./nearest.ts";

export interface Found {
  readonly command: Command;
  /** argv without the command's name. */
  readonly argv: readonly string[];
}

/** Nothing but options asks for `help` (or, by --version, for `version`). */
export function findCommand(argv: readonly string[], commands: readonly Command[]): Found {
  const at = nameIndex(argv);
  const name = argv[at];
  if (name === undefined) return { command: named(argv.includes("--version") ? "version" : "help", commands), argv: [] };
  const rest = argv.toSpliced(at, 1);
  const second = nameIndex(rest, at);
  const byTwo = commands.find((command) => command.aliases?.includes(`${name} ${rest[second]}`));
  return byTwo === undefined ? { command: named(name, commands), argv: rest } : { command: byTwo, argv: rest.toSpliced(second, 1) };
}

/** The first word from a place on that is neither an option nor the value of -a. */
function nameIndex(argv: readonly string[], from = 0): number {
  let at = from;
  while (at < argv.length && argv[at]?.startsWith("-")) at += argv[at] === "-a" || argv[at] === "--app" ? 2 : 1;
  return at;
}

function named(name: string, commands: readonly Command[]): Command {
  const command = commands.find((each) => each.name === name || each.aliases?.includes(name));
  if (command !== undefined) return command;
  const near = nearest(
    name,
    commands.flatMap((each) => [each.name, ...(each.aliases ?? [])]),
  );
  throw new PushboatError({
    code: "usage/unknown-command",
    message: `There is no command ${quote(name)}`,
    hint: near === null ? "`help` lists all commands." : `Did you mean ${near}? \`help\` lists all commands.`,
  });
}
