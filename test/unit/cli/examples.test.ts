import { describe, expect, it } from "vitest";
import type { Command } from "../../../cli/command.ts";
import { COMMAND_GROUPS } from "../../../cli/index.ts";
import { splitShellWords } from "../../../core/index.ts";
import { call } from "./call.ts";
import { misfits } from "./json-shape.ts";

const COMMANDS = COMMAND_GROUPS.flatMap(({ commands }) => commands);
const EXAMPLES = COMMANDS.flatMap((command) => command.examples.map((example) => [example, command] as const));

/** What the files of the examples' redirections hold. */
const STDIN: Readonly<Record<string, string>> = {
  "config:import": "# from .env\nA=1\nexport B='x y'\nPORT=3000\n",
  "config:set": "-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
  "registry:login": "correct horse\n",
  "keys:add": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA alice@laptop\n",
};

describe("every example of --help", () => {
  it.each(EXAMPLES)("%s asks control for the right thing and prints this", async (example, command) => {
    const { exitCode, stdout, stderr, asked } = await callExample(example, command);
    expect({ exitCode, stdout, stderr, asked }).toMatchSnapshot();
  });

  it.each(EXAMPLES.filter(([, command]) => command.json !== null))("%s prints with --json what it documents", async (example, command) => {
    const { stdout, stderr, exitCode } = await callExample(example, command, ["--json"]);
    if (exitCode === 2) return expect(stderr).toContain("--confirm");
    if (example === "help config:set") return;
    const values = command.name === "logs" ? stdout.trim().split("\n") : [stdout];
    for (const value of values) expect(misfits(JSON.parse(value), command.json ?? "")).toEqual([]);
  });
});

/** As a shell would: without what is behind a redirection or a pipe, which stdin stands for. */
function callExample(example: string, command: Command, more: readonly string[] = []) {
  const words = splitShellWords(example);
  const end = words.findIndex((word) => ["<", ">", "|"].includes(word));
  const [name = "", ...rest] = end < 0 ? words : words.slice(0, end);
  return call([name, ...more, ...rest], { stdin: STDIN[command.name] ?? "", via: "local" });
}
