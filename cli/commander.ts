/** commander does the options and the help of one command for one request: no process.argv, no process.exit, no streams of the process. */
import { Argument, CommanderError, Command as Program } from "commander";
import { PushboatError } from "../core/index.ts";
import type { Command } from "./command.ts";
import { allWords, usageWords } from "./usage.ts";

export interface ParsedOptions {
  /** Everything that is no option, the target too. */
  readonly words: readonly string[];
  /** Value of -a. */
  readonly app: string | null;
  readonly json: boolean;
  flag(long: string): boolean;
  value(long: string): string | null;
}

/** The value's name at the end of a command's flags; commander wants it in angle brackets. */
const VALUE_NAME = / ([A-Z]+)$/;

/** Help, where --help is among the options. Throws `usage/option` for one that is wrong. */
export function parseOptions(command: Command, argv: readonly string[]): ParsedOptions | { readonly help: string } {
  const program = programFor(command);
  try {
    program.parse([...argv], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.code === "commander.helpDisplayed") return { help: helpText(command) };
    throw optionError(command, thrown);
  }
  const options = program.opts<Record<string, unknown>>();
  const value = (long: string) => (typeof options[long] === "string" ? options[long] : null);
  return { words: program.args, app: value("app"), json: options["json"] === true, flag: (long) => options[long] === true, value };
}

/** commander's layout of the command's data, then examples and the shape of --json. */
export function helpText(command: Command): string {
  return programFor(command).helpInformation() + afterOptions(command);
}

function programFor(command: Command): Program {
  const program = new Program(command.name)
    .usage(`[options] ${usageWords(command)}`.trim())
    .description(command.details === undefined ? `${command.summary}.` : `${command.summary}.\n\n${command.details}`)
    .argument("[words...]")
    .action(() => {})
    .passThroughOptions(command.ownsTerminal === true)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} })
    .configureHelp({
      helpWidth: 100,
      visibleArguments: () =>
        allWords(command).map((word) => new Argument(word.required ? `<${word.name}>` : `[${word.name}]`, word.description)),
      argumentTerm: (argument) => argument.name(),
    })
    .helpOption("-h, --help", "show this");
  for (const option of command.options ?? []) program.option(option.flags.replace(VALUE_NAME, " <$1>"), option.description);
  if (command.json !== null) program.option("--json", "print the result as JSON");
  else program.addOption(program.createOption("--json").hideHelp());
  const app = program.createOption("-a, --app <APP>", "the app or APP@BRANCH, instead of the first word");
  return program.addOption(command.target === "none" ? app.hideHelp() : app);
}

function afterOptions(command: Command): string {
  const examples = command.examples.map((example) => `  ${example}\n`).join("");
  const json = command.json === null ? "" : `\n--json prints:\n  ${command.json}\n`;
  const aliases = command.aliases === undefined ? "" : `\nAlso: ${command.aliases.join(", ")}\n`;
  return `\nExamples:\n${examples}${json}${aliases}`;
}

function optionError(command: Command, error: CommanderError): PushboatError {
  const [message = "", ...suggestion] = error.message.replace(/^error: /, "").split("\n");
  const short = message.length > 160 ? `${message.slice(0, 157)}...` : message;
  return new PushboatError({
    code: "usage/option",
    message: `${command.name}: ${short}`,
    hint: [...suggestion, `\`${command.name} --help\` shows its options.`].join("\n"),
  });
}
