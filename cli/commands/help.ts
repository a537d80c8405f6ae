/** help: all commands by group, or one command's --help. Also what nothing typed prints. */

import { type CommandGroup, type PlainCommand, result } from "../command.ts";
import { helpText } from "../commander.ts";
import { findCommand } from "../find-command.ts";
import { heading, table } from "../table.ts";
import { usageLine } from "../usage.ts";

/** The groups are asked for late, because help is one of them. */
export function createHelp(groups: () => readonly CommandGroup[]): PlainCommand {
  return {
    name: "help",
    summary: "List all commands, or explain one",
    target: "none",
    words: [{ name: "COMMAND", description: "the command to explain", required: false, many: true }],
    examples: ["help", "help config:set"],
    json: "[{group, commands:[{name, usage, summary}]}]",
    prepare: ({ words }) => {
      const all = groups();
      const found =
        words.length === 0
          ? null
          : findCommand(
              words,
              all.flatMap(({ commands }) => commands),
            ).command;
      if (found !== null) return async () => result(undefined, helpText(found).trimEnd().split("\n"));
      return async () => result(all.map(groupJson), overview(all));
    },
  };
}

function overview(groups: readonly CommandGroup[]): readonly string[] {
  return [
    "Pushboat: git push, and it is live at its own subdomain.",
    "",
    "APP is an app (blog: its production) or one of its branches (blog@feature-x), as the first word or with -a.",
    "Every command takes --help, and --json where it has a result.",
    ...groups.flatMap(({ title, commands }) => [
      "",
      heading(title),
      ...table(commands.map((command) => [usageLine(command), command.summary])),
    ]),
  ];
}

function groupJson({ title, commands }: CommandGroup): unknown {
  return {
    group: title,
    commands: commands.map((command) => ({ name: command.name, usage: usageLine(command), summary: command.summary })),
  };
}
