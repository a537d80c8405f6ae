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
  const two = `${name} ${argv[at + 1] ?? ""}`;
  const byTwo = commands.find((command) => command.aliases?.includes(two));
  if (byTwo !== undefined) return { command: byTwo, argv: argv.toSpliced(at, 2) };
  return { command: named(name, commands), argv: argv.toSpliced(at, 1) };
}

/** The first word that is neither an option nor the value of -a. */
function nameIndex(argv: readonly string[]): number {
  let at = 0;
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
