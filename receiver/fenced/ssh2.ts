/**
 * ssh2 with one constant changed while it is loaded: it drops a connection at a packet over 35,000 bytes without a word, so a
 * command line of 10,000 arguments would look like a network failure. OpenSSH takes 256 KiB (packet.h), so do we; the length of a
 * command line is then judged, and refused in words, by the session. A test sends 100 kB.
 */
import { createRequire, registerHooks } from "node:module";
import type { Connection } from "ssh2";

const OURS = "const MAX_PACKET_SIZE = 262144;";
const THEIRS = "const MAX_PACKET_SIZE = 35000;";
const USERAUTH_BANNER = 53;

const require = createRequire(import.meta.url);

function load(): typeof import("ssh2") {
  const hooks = registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.endsWith("/ssh2/lib/protocol/crypto.js")) return loaded;
      return { ...loaded, source: String(loaded.source).replace(THEIRS, OURS) };
    },
  });
  try {
    return require("ssh2") as typeof import("ssh2");
  } finally {
    hooks.deregister();
  }
}

export const ssh2 = load();

interface Protocol {
  readonly _packetRW: { readonly write: { readonly allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer } };
}

const { sendPacket } = require("ssh2/lib/protocol/utils.js") as { sendPacket: (protocol: Protocol, packet: Buffer) => void };

/** A line for the client's terminal during authentication (RFC 4252, 5.4). ssh2 itself can send one only before it knows the user. */
export function sendBanner(client: Connection, text: string): void {
  const protocol = (client as unknown as { readonly _protocol: Protocol })._protocol;
  const line = Buffer.from(`${text}\r\n`);
  const { write } = protocol._packetRW;
  const packet = write.alloc(1 + 4 + line.length + 4);
  let at = write.allocStart;
  at = packet.writeUInt8(USERAUTH_BANNER, at);
  at = packet.writeUInt32BE(line.length, at);
  at += line.copy(packet, at);
  packet.writeUInt32BE(0, at);
  sendPacket(protocol, write.finalize(packet));
}
