/** A container's output straight to us, on named pipes: what is in there may open /dev/stdout again, which a socket refuses. */
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { KernelHelper } from "../kernel/helper.ts";

export type OutputSink = (chunk: Buffer, stream: "stdout" | "stderr") => void;

export interface Output {
  /** For the container; to be closed here once it has them. */
  readonly descriptors: { readonly stdout: number; readonly stderr: number };
  closeDescriptors(): void;
  /** When nobody has either pipe open any more and all was handed on. */
  readonly ended: Promise<void>;
  destroy(): void;
}

/** uid: host uid that the output belongs to. */
export async function openOutput(directory: string, uid: number, sink: OutputSink, helper: KernelHelper): Promise<Output> {
  const streams = ["stdout", "stderr"] as const;
  await helper.makePipes(
    uid,
    streams.map((stream) => `${directory}/${stream}`),
  );
  const readers = streams.map((stream) => readPipe(`${directory}/${stream}`, (chunk) => sink(chunk, stream)));
  const [stdout, stderr] = streams.map((stream) => openSync(`${directory}/${stream}`, constants.O_WRONLY)) as [number, number];
  let open = true;
  return {
    descriptors: { stdout, stderr },
    closeDescriptors() {
      if (!open) return;
      open = false;
      closeSync(stdout);
      closeSync(stderr);
    },
    ended: Promise.all(readers.map((reader) => reader.ended)).then(() => {}),
    destroy: () => {
      for (const reader of readers) reader.socket.destroy();
    },
  };
}

function readPipe(path: string, onChunk: (chunk: Buffer) => void) {
  const socket = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false });
  const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.on("data", onChunk);
  socket.on("error", () => {}); // followed by close
  return { socket, ended };
}
