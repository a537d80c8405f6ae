/** A process definition as the argv that the container's init starts. */
import type { ProcessDefinition } from "../core/index.ts";

/** Anything that makes the shell stay in between: lists, pipes, groups, substitutions, several lines. */
const COMPOUND = /[;&|(){}`\n]|^\s*(\.|source|eval)\s/;
/** `2>&1` is no list. */
const DUPLICATED_STREAM = /\d*[<>]&[\d-]/g;

/**
 * A simple command replaces its shell (dash and bash do so for the last command of -c). A compound one keeps the shell
 * as its parent, and a shell that TERM kills at once would end the container before the app has shut down: this trap
 * lets it wait for the command that runs, then leave. Traps, unlike ignored signals, are not inherited.
 */
export function commandLine(definition: ProcessDefinition): readonly string[] {
  if (definition.form === "exec") return definition.command;
  const command = definition.command.join(" ");
  return ["/bin/sh", "-c", COMPOUND.test(command.replace(DUPLICATED_STREAM, "")) ? `trap 'exit 143' TERM\n${command}` : command];
}

/** For the log: one line, not too long. */
export function describeCommand(definition: ProcessDefinition): string {
  const text = definition.command.join(" ").replace(/\s+/g, " ");
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}
