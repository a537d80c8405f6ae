/** One large body, down or up, by a client that throws away or makes up the bytes; throws where one is missing. */
import { once } from "node:events";
import { request } from "node:http";

export interface Transfer {
  readonly port: number;
  readonly host: string;
  readonly bytes: number;
}

const PIECE = Buffer.alloc(256 * 1024, 117);

export async function download({ port, host, bytes }: Transfer): Promise<void> {
  const sent = request({ host: "127.0.0.1", port, path: `/download?bytes=${bytes}`, headers: { host }, agent: false });
  sent.end();
  const [answer] = await once(sent, "response");
  let got = 0;
  for await (const chunk of answer) got += (chunk as Buffer).length;
  if (got !== bytes) throw new Error(`${got} bytes of ${bytes} came`);
}

export async function upload({ port, host, bytes }: Transfer): Promise<void> {
  const headers = { host, "content-length": bytes };
  const sent = request({ host: "127.0.0.1", port, path: "/", method: "PUT", headers, agent: false });
  const answered = once(sent, "response");
  for (let left = bytes; left > 0; left -= PIECE.length) {
    if (!sent.write(left >= PIECE.length ? PIECE : PIECE.subarray(0, left))) await once(sent, "drain");
  }
  sent.end();
  const [answer] = await answered;
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  if (text !== String(bytes)) throw new Error(`the app got ${text} of ${bytes} bytes`);
}
