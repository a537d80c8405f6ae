/** What the client types or pipes in: answers to questions and whole files. */
import type { Readable } from "node:stream";
import { type CommandRequest, PushboatError } from "../core/index.ts";
import type { Output } from "./output.ts";
import { createTerminalLines } from "./terminal-lines.ts";

/** Four times the largest config: quotes and comments take room. */
const MAX_INPUT_BYTES = 256 * 1024;

export interface Input {
  /** Whether there is somebody to ask. */
  readonly isTerminal: boolean;
  /** One line from the terminal; null: there is none, the client ended its input or pressed ^C. */
  ask(question: string): Promise<string | null>;
  /** Everything up to the end of stdin (^D on a terminal). `what` names it: `the public key`. */
  text(what: string): Promise<string>;
}

export interface InputOptions {
  /** ^C on a terminal. */
  readonly interrupt: () => void;
  /** stdin is the command's own: nothing is read here. */
  readonly untouched: boolean;
}

export function createInput(request: CommandRequest, output: Output, { interrupt, untouched }: InputOptions): Input {
  if (request.terminal === null || untouched)
    return { isTerminal: false, ask: async () => null, text: (what) => readAll(request.stdin, what) };
  const lines = createTerminalLines(request.stdin, output.message, interrupt);
  return {
    isTerminal: true,
    ask: (question) => {
      output.message(question);
      return lines.next();
    },
    text: async (what) => {
      output.message(`Paste ${what}, then press Enter and Ctrl-D.\n`);
      let all = "";
      for (let line = await lines.next(); line !== null; line = await lines.next()) all += `${line}\n`;
      return all;
    },
  };
}

async function readAll(stdin: Readable, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.byteLength;
    if (bytes > MAX_INPUT_BYTES) {
      throw new PushboatError({
        code: "input/too-large",
        message: `The input is more than ${MAX_INPUT_BYTES / 1024} kB, too much for ${what}`,
        hint: "Nothing was changed.",
      });
    }
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
