/** Writing to the client's streams: line ends of its terminal, back pressure, and no error for one that has gone. */
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { CommandRequest } from "../core/index.ts";

export interface Output {
  /** Results. Resolves when the client takes more. */
  result(text: string): Promise<void>;
  /** Progress and errors. */
  message(text: string): void;
}

export function createOutput(request: CommandRequest): Output {
  // A client with a terminal has put it into raw mode: nobody else turns \n into a new line for it.
  const lineEnds = request.terminal === null ? (text: string) => text : (text: string) => text.replaceAll("\n", "\r\n");
  return {
    result: async (text) => {
      if (isOpen(request.stdout) && !request.stdout.write(lineEnds(text))) await drained(request.stdout, request.disconnected);
    },
    message: (text) => {
      if (isOpen(request.stderr)) request.stderr.write(lineEnds(text));
    },
  };
}

function isOpen(stream: Writable): boolean {
  return stream.writable && !stream.destroyed;
}

async function drained(stream: Writable, disconnected: AbortSignal): Promise<void> {
  try {
    await once(stream, "drain", { signal: disconnected });
  } catch {
    // Gone: whoever writes next is stopped by isOpen.
  }
}
