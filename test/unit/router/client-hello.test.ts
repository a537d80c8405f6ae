import { describe, expect, it } from "vitest";
import { offeredProtocols } from "../../../router/client-hello.ts";

/** As `openssl s_client -alpn` says it, in pieces: header, random, session id, ciphers, compression, extensions. */
function hello(protocols: readonly string[] | null, split = Number.POSITIVE_INFINITY): Buffer {
  const list = Buffer.concat((protocols ?? []).map((name) => Buffer.from([name.length, ...Buffer.from(name)])));
  const sni = Buffer.from([0, 0, 0, 3, 1, 2, 3]);
  const alpn = protocols === null ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0, 16]), sized(2, sized(2, list))]);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    sized(1, Buffer.alloc(32)),
    sized(2, Buffer.from([19, 1, 19, 2])),
    sized(1, Buffer.from([0])),
    sized(2, Buffer.concat([sni, alpn])),
  ]);
  const message = Buffer.concat([Buffer.from([1]), sized(3, body)]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += split)
    records.push(Buffer.concat([Buffer.from([22, 3, 1]), sized(2, message.subarray(at, at + split))]));
  return Buffer.concat(records);
}

function sized(bytes: number, content: Buffer): Buffer {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(content.length, 0, bytes);
  return Buffer.concat([length, content]);
}

describe("the protocols that a TLS client offers", () => {
  it("are read out of one record or several, and not before they are whole", () => {
    expect(offeredProtocols(hello(["h2", "http/1.1"]))).toEqual(["h2", "http/1.1"]);
    expect(offeredProtocols(hello(["acme-tls/1"], 20))).toEqual(["acme-tls/1"]);
    const whole = hello(["acme-tls/1"], 50);
    for (let length = 0; length < whole.length; length += 1) expect(offeredProtocols(whole.subarray(0, length)), `${length}`).toBe("more");
  });

  it("are none where none are offered, and where it is no TLS", () => {
    expect(offeredProtocols(hello(null))).toBeNull();
    for (const text of ["GET / HTTP/1.1\r\n", "\x16\x03\x01\x00\x04\x02\x00\x00\x00", "\x80"])
      expect(offeredProtocols(Buffer.from(text, "latin1"))).toBeNull();
    // Lengths that lead out of the message.
    const broken = hello(["h2"]);
    broken.writeUInt8(255, 5 + 4 + 34);
    expect(offeredProtocols(broken)).toBeNull();
  });
});
