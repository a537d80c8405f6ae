/** What the client types or pipes in: answers to questions and whole files. The door edits lines and echoes where there is a terminal. */
import type { Readable } from "node:stream";
import { type CommandRequest, PushboatError } from "../core/index.ts";
import type { Output } from "./output.ts";

/** Four times the largest config: quotes and comments take room. */
const MAX_INPUT_BYTES = 256 * 1024;

export interface Input {
  /** Whether there is somebody to ask. */
  readonly isTerminal: boolean;
  /** One line from the terminal; null: the client ended its input or its patience. */
  ask(question: string): Promise<string | null>;
  /** Everything up to the end of stdin. `what` names it: `the public key`. */
  text(what: string): Promise<string>;
}

/** interrupted: nobody waits for an answer any more. */
export function createInput({ stdin, terminal }: CommandRequest, output: Output, interrupted: AbortSignal): Input {
  return {
    isTerminal: terminal !== null,
    ask: async (question) => {
      output.message(question);
      return await firstLine(stdin, interrupted);
    },
    text: async (what) => {
      if (terminal !== null) output.message(`Paste ${what}, then press Enter and Ctrl-D.\n`);
      return await readAll(stdin, what);
    },
  };
}

function firstLine(stdin: Readable, interrupted: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    let typed = "";
    const finish = (line: string | null) => {
      stdin.off("data", onData).off("end", onEnd).pause();
      interrupted.removeEventListener("abort", onEnd);
      resolve(line);
    };
    const onEnd = () => finish(null);
    const onData = (chunk: Buffer) => {
      typed += chunk.toString("utf8");
      if (typed.includes("\n") || typed.length > MAX_INPUT_BYTES) finish(typed.slice(0, typed.indexOf("\n")));
    };
    if (interrupted.aborted) return resolve(null);
    interrupted.addEventListener("abort", onEnd);
    stdin.on("data", onData).on("end", onEnd);
  });
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
