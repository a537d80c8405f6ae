/** Writing to the client's streams: back pressure for results, and no error for a client that has gone. */
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { CommandRequest } from "../core/index.ts";

export interface Output {
  /** Results. Resolves when the client takes more. */
  result(text: string): Promise<void>;
  /** Progress and errors. */
  message(text: string): void;
}

export function createOutput({ stdout, stderr, disconnected }: CommandRequest): Output {
  return {
    result: async (text) => {
      if (isOpen(stdout) && !stdout.write(text)) await drained(stdout, disconnected);
    },
    message: (text) => {
      if (isOpen(stderr)) stderr.write(text);
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
