/** The first bytes of a stream, before it is piped on. Not unshifted: a stream whose last bytes were read takes none back. */
import type { Readable } from "node:stream";

/** Reads until `enough` or the end of the stream. */
export async function takeFirst(stream: Readable, enough: (bytes: Buffer) => boolean): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  while (!enough(bytes)) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    else if (stream.readableEnded || stream.destroyed || !(await moreToRead(stream))) break;
  }
  return bytes;
}

function moreToRead(stream: Readable): Promise<boolean> {
  return new Promise((resolve) => {
    const readable = (): void => settle(true);
    const end = (): void => settle(false);
    const settle = (more: boolean): void => {
      stream.off("readable", readable).off("end", end).off("close", end);
      resolve(more);
    };
    stream.on("readable", readable).on("end", end).on("close", end);
  });
}
