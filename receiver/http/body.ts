/** A request body as the client meant it: git compresses larger requests. */
import type { IncomingMessage } from "node:http";
import { PassThrough, type Readable } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import { PushboatError } from "../../core/index.ts";

/** Never emits `error`: where the client goes or sends garbage, it ends early and `onBroken` is called. */
export function decodedBody(request: IncomingMessage, onBroken: () => void): PassThrough {
  const decoder = decoderFor(request.headers["content-encoding"] ?? "identity");
  const body = new PassThrough();
  const broken = (): void => {
    onBroken();
    body.end();
  };
  request.on("error", broken);
  request.once("close", () => {
    if (!request.readableEnded) broken();
  });
  const decoded: Readable = decoder === null ? request : request.pipe(decoder);
  if (decoder !== null) decoder.on("error", broken);
  decoded.pipe(body);
  return body;
}

function decoderFor(encoding: string): (NodeJS.ReadWriteStream & Readable) | null {
  switch (encoding.toLowerCase()) {
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    default:
      throw new PushboatError({
        code: "http/encoding",
        message: `A body encoded with ${JSON.stringify(encoding.slice(0, 40))} cannot be read`,
        hint: "Send it plain or with gzip.",
      });
  }
}
