/** The usage line of a command, from its data: `config:get APP[@BRANCH] KEY`. */
import type { Command, CommandWord } from "./command.ts";

const TARGET_WORDS: Readonly<Record<Command["target"], CommandWord | null>> = {
  environment: { name: "APP[@BRANCH]", description: "the app, or one of its branches' environments (or -a)", required: true },
  app: { name: "APP", description: "the app (or -a)", required: true },
  none: null,
};

/** The target, where the command takes one, and the words behind it. */
export function allWords(command: Command): readonly CommandWord[] {
  const target = TARGET_WORDS[command.target];
  return target === null ? command.words : [target, ...command.words];
}

export function usageWords(command: Command): string {
  return allWords(command)
    .map((word) => {
      const text = `${command.ownsTerminal && word.many ? "-- " : ""}${word.name}${word.many ? "..." : ""}`;
      return word.required ? text : `[${text}]`;
    })
    .join(" ");
}

export function usageLine(command: Command): string {
  return `${command.name} ${usageWords(command)}`.trim();
}
