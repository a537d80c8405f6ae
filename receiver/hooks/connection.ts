/** One hook's connection: packets from it, frames to it. Everything may be called after it has gone. */
import type { Socket } from "node:net";
import { type Packet, readPackets, readSection } from "../git/pkt-line.ts";

export interface HookConnection {
  /** `token=...`, `hook=...`, `option=...`; null where the hook went before it was complete. */
  readonly head: readonly string[] | null;
  readonly packets: AsyncGenerator<Packet, void, void>;
  /** Bytes for git (the hook's stdout). */
  write(bytes: Buffer): void;
  /** Lines for the client's terminal (the hook's stderr). */
  say(text: string): void;
  /** The hook exits. */
  exit(code: number): void;
  /** Aborted when the hook has gone. */
  readonly gone: AbortSignal;
}

const STDOUT_CHANNEL = 1;
const STDERR_CHANNEL = 2;
const EXIT_CHANNEL = 3;

/** A reader that slow loses lines on its terminal, not the deploy: they are all in the log. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

export async function openHookConnection(socket: Socket): Promise<HookConnection> {
  const gone = new AbortController();
  socket.on("error", () => {});
  socket.once("close", () => gone.abort(new Error("the hook has gone")));
  const packets = readPackets(socket);
  const send = (channel: number, bytes: Buffer): void => {
    if (!socket.writable) return;
    const head = Buffer.alloc(5);
    head.writeUInt32BE(bytes.length, 0);
    head.writeUInt8(channel, 4);
    socket.write(Buffer.concat([head, bytes]));
  };
  let dropped = 0;
  const sayDropped = (): void => {
    if (dropped > 0)
      send(STDERR_CHANNEL, Buffer.from(` !     ${dropped} pieces of output were left out: they came faster than they were read\n`));
    dropped = 0;
  };
  const say = (text: string): void => {
    if (socket.writableLength > MAX_UNREAD_BYTES) {
      dropped += 1;
      return;
    }
    sayDropped();
    send(STDERR_CHANNEL, Buffer.from(text.endsWith("\n") ? text : `${text}\n`));
  };
  return {
    head: await readSection(packets),
    packets,
    write: (bytes) => send(STDOUT_CHANNEL, bytes),
    say,
    exit: (code) => {
      sayDropped();
      send(EXIT_CHANNEL, Buffer.from(String(code)));
      socket.end();
      // Whatever still comes is read away, so that the end is seen.
      socket.resume();
    },
    gone: gone.signal,
  };
}
