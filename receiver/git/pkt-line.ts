/** git's pkt-line framing (gitprotocol-common): four hex digits of length, themselves included; `0000` is a flush. */
import { PushboatError } from "../../core/index.ts";

export type Packet = { readonly kind: "data"; readonly payload: Buffer } | { readonly kind: "flush" };

/** LARGE_PACKET_MAX of git is 65520; the hook relay may add a few bytes of its own. */
const MAX_PACKET_BYTES = 65_535;
const LENGTH_BYTES = 4;

export const FLUSH = Buffer.from("0000");

export function encodePacket(payload: string | Buffer): Buffer {
  const body = Buffer.from(payload as string);
  const length = body.length + LENGTH_BYTES;
  if (length > MAX_PACKET_BYTES) throw new PushboatError({ code: "git/packet", message: "A packet is too long", kind: "platform" });
  return Buffer.concat([Buffer.from(length.toString(16).padStart(LENGTH_BYTES, "0")), body]);
}

/** Takes bytes as they come, gives whole packets. */
export class PacketParser {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): readonly Packet[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const packets: Packet[] = [];
    for (let length = this.#length(); length !== null && this.#rest.length >= Math.max(length, LENGTH_BYTES); length = this.#length()) {
      packets.push(length === 0 ? { kind: "flush" } : { kind: "data", payload: this.#rest.subarray(LENGTH_BYTES, length) });
      this.#rest = this.#rest.subarray(Math.max(length, LENGTH_BYTES));
    }
    return packets;
  }

  #length(): number | null {
    if (this.#rest.length < LENGTH_BYTES) return null;
    const digits = this.#rest.toString("latin1", 0, LENGTH_BYTES);
    const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
    // 1 to 3: delimiters of protocol v2, which nobody sends here.
    if (length < 0 || (length > 0 && length < LENGTH_BYTES)) {
      throw new PushboatError({ code: "git/packet", message: "What came is not git's packet format" });
    }
    return length;
  }
}

/** The packets of a stream; the stream is left open when the reader stops early. */
export async function* readPackets(stream: NodeJS.ReadableStream & { iterator?: unknown }): AsyncGenerator<Packet, void, void> {
  const parser = new PacketParser();
  const chunks = (stream as import("node:stream").Readable).iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) yield* parser.push(chunk as Buffer);
}

/** The lines (without their newline) up to the next flush; null where the stream ended before it. */
export async function readSection(packets: AsyncGenerator<Packet, void, void>): Promise<readonly string[] | null> {
  const lines: string[] = [];
  for (let next = await packets.next(); !next.done; next = await packets.next()) {
    if (next.value.kind === "flush") return lines;
    lines.push(next.value.payload.toString("utf8").replace(/\n$/, ""));
  }
  return null;
}
