/** Procfile: one `type: command` a line. Pure; the text comes from whoever read the source. */
import { PushboatError } from "./errors.ts";
import type { ProcessDefinition } from "./image.ts";
import { type ProcessType, parseProcessType, quote } from "./names.ts";

export type Processes = Readonly<Record<ProcessType, ProcessDefinition>>;

interface ProcfileLine {
  readonly number: number;
  readonly type: ProcessType;
  readonly command: string;
}

/** Blank lines and lines that begin with # say nothing; CRLF is fine. Commands are run by a shell, so that $VAR expands. */
export function parseProcfile(text: string): Processes {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "" && !line.startsWith("#"))
    .map(({ line, number }) => parseLine(line, number));
  refuseDuplicates(lines);
  return Object.fromEntries(lines.map(({ type, command }) => [type, { form: "shell", command: [command] }])) as Processes;
}

function parseLine(line: string, number: number): ProcfileLine {
  const colon = line.indexOf(":");
  if (colon < 0) {
    throw new PushboatError({
      code: "procfile/line",
      message: `Procfile line ${number}: ${quote(line)} is not "type: command"`,
      hint: "Write one process type a line, for example\n  web: node server.js",
    });
  }
  const type = parseType(line.slice(0, colon).trim(), number);
  const command = line.slice(colon + 1).trim();
  if (command === "") {
    throw new PushboatError({
      code: "procfile/empty-command",
      message: `Procfile line ${number}: ${type} has no command`,
      hint: `Write what ${type} runs behind the colon, or remove the line.`,
    });
  }
  return { number, type, command };
}

function parseType(text: string, number: number): ProcessType {
  try {
    return parseProcessType(text);
  } catch (error) {
    if (!(error instanceof PushboatError)) throw error;
    throw new PushboatError({ code: "procfile/type", message: `Procfile line ${number}: ${error.message}`, hint: error.hint ?? "" });
  }
}

function refuseDuplicates(lines: readonly ProcfileLine[]): void {
  const seen = new Map<ProcessType, number>();
  for (const { type, number } of lines) {
    const first = seen.get(type);
    if (first !== undefined) {
      throw new PushboatError({
        code: "procfile/duplicate",
        message: `Procfile: ${type} stands in line ${first} and again in line ${number}`,
        hint: "Keep one line for each process type; a second kind of process needs a name of its own.",
      });
    }
    seen.set(type, number);
  }
}
