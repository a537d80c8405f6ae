/** docs/commands.md from the commands' own data. */
import type { Command, CommandGroup } from "../../../cli/command.ts";
import { helpText } from "../../../cli/commander.ts";

export function commandsPage(groups: readonly CommandGroup[]): string {
  return [
    "# Commands",
    "",
    "<!-- Made from the commands' own data by test/unit/cli/help.test.ts: `npx vitest run test/unit/cli/help.test.ts -u` writes it anew. -->",
    "",
    "The same commands from everywhere:",
    "",
    "```",
    "ssh -p 2222 pushboat@HOST config:set blog GREETING=hello     from anywhere, with a key that keys:add knows",
    "sudo ./pushboat config:set blog GREETING=hello               on the server",
    "pushboat config:set GREETING=hello                           in a directory whose git remote `pushboat` names the app",
    "```",
    "",
    "The target is the first word, `blog` for an app's production or `blog@feature-x` for a branch, or the value of `-a`.",
    "Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage; `run` gives the exit code of",
    "what it ran. With `--json` a command prints its result in the one shape below; times are ISO 8601, what is absent is null.",
    "ssh joins its words with blanks before the server splits them again by POSIX rules (quotes and backslashes, no expansion),",
    "so quote twice over ssh: `ssh HOST config:set blog \"GREETING='hello world'\"`.",
    ...groups.flatMap(({ title, commands }) => ["", `## ${title}`, ...commands.flatMap(section)]),
    "",
  ].join("\n");
}

function section(command: Command): readonly string[] {
  return ["", `### ${command.name}`, "", "```", helpText(command).trimEnd(), "```"];
}
