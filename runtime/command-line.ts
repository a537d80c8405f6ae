/** A process definition as the argv that the container's init starts. */
import type { ProcessDefinition } from "../core/index.ts";

/** Anything that makes the shell stay in between: lists, pipes, groups, substitutions, several lines. */
const COMPOUND = /[;&|(){}`\n]|^\s*(\.|source|eval)\s/;
/** `2>&1` is no list. */
const DUPLICATED_STREAM = /\d*[<>]&[\d-]/g;

/** `A=1 B="x y" ` before a command. */
const ASSIGNMENTS = /^\s*(?:[A-Za-z_]\w*=(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])*\s+)*/s;
/** Those that a program of the same name cannot stand in for, and exec itself (dash(1)). */
const BUILTINS = new Set(
  ": ! alias bg break cd command continue eval exec exit export fg getopts hash jobs local read readonly return set shift times trap type ulimit umask unalias unset wait".split(
    " ",
  ),
);

/**
 * TERM reaches every process of a container. A shell that it kills at once would end the container before the app has shut down.
 * So a simple command replaces its shell (measured: Debian 13's dash does not do that for `-c` by itself), and the shell of a
 * compound one waits for the command that runs, then leaves. Traps, unlike ignored signals, are not inherited.
 */
export function commandLine(definition: ProcessDefinition): readonly string[] {
  if (definition.form === "exec") return definition.command;
  const command = definition.command.join(" ");
  const compound = COMPOUND.test(command.replace(DUPLICATED_STREAM, ""));
  return ["/bin/sh", "-c", compound ? `trap 'exit 143' TERM\n${command}` : replacingShell(command)];
}

function replacingShell(command: string): string {
  const assignments = ASSIGNMENTS.exec(command)?.[0] ?? "";
  const rest = command.slice(assignments.length);
  const [program = ""] = rest.split(/\s/, 1);
  return program === "" || BUILTINS.has(program) || /^[A-Za-z_]\w*=/.test(program) ? command : `${assignments}exec ${rest}`;
}

/** For the log: one line, not too long. */
export function describeCommand(definition: ProcessDefinition): string {
  const text = definition.command.join(" ").replace(/\s+/g, " ");
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}
