/** The first words of a TLS client: as much of them as says which protocols it offers (RFC 8446 4.1.2, RFC 7301 3.1). Pure. */

/** more: the message is not whole yet. null: it is no ClientHello, or offers none. */
export type OfferedProtocols = readonly string[] | "more" | null;

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
/** legacy_version and random. */
const FIXED_BYTES = 2 + 32;
const ALPN_EXTENSION = 16;
/** Post-quantum key shares make 2 kB usual; what is longer is none that has to be understood here. */
export const MAX_HELLO_BYTES = 16 * 1024;

export function offeredProtocols(bytes: Buffer): OfferedProtocols {
  const message = handshakeMessage(bytes);
  if (!Buffer.isBuffer(message)) return message;
  try {
    return protocolsOf(message);
  } catch (error) {
    // A length that leads out of the message: whoever speaks TLS with it refuses it.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Out of one record or more. */
function handshakeMessage(bytes: Buffer): Buffer | "more" | null {
  const parts: Buffer[] = [];
  let have = 0;
  for (let at = 0; ; ) {
    if (bytes.length > at && bytes[at] !== HANDSHAKE_RECORD) return null;
    if (bytes.length < at + RECORD_HEADER_BYTES) return "more";
    const end = at + RECORD_HEADER_BYTES + bytes.readUInt16BE(at + 3);
    const part = bytes.subarray(at + RECORD_HEADER_BYTES, end);
    parts.push(part);
    have += part.length;
    const message = Buffer.concat(parts);
    if (message.length >= 1 && message[0] !== CLIENT_HELLO) return null;
    if (have >= MESSAGE_HEADER_BYTES && have >= MESSAGE_HEADER_BYTES + message.readUIntBE(1, 3)) return message;
    if (bytes.length < end) return "more";
    at = end;
  }
}

function protocolsOf(message: Buffer): readonly string[] | null {
  let at = MESSAGE_HEADER_BYTES + FIXED_BYTES;
  at += 1 + message.readUInt8(at); // legacy_session_id
  at += 2 + message.readUInt16BE(at); // cipher_suites
  at += 1 + message.readUInt8(at); // legacy_compression_methods
  if (at >= message.length) return null;
  const end = at + 2 + message.readUInt16BE(at);
  for (at += 2; at < end; ) {
    const [type, length] = [message.readUInt16BE(at), message.readUInt16BE(at + 2)];
    if (type === ALPN_EXTENSION) return names(message.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return null;
}

function names(list: Buffer): readonly string[] {
  const found: string[] = [];
  for (let at = 2; at < list.length; ) {
    const length = list.readUInt8(at);
    found.push(list.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return found;
}
