/** ASN.1 in its distinguished encoding (X.690): as much of it as a certificate needs. Pure. */

const SEQUENCE = 0x30;
const SET = 0x31;
const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
/** RFC 5280 4.1.2.5: years up to 2049 as UTCTime. */
const FIRST_GENERALIZED_YEAR = 2050;

export function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => tagged(SEQUENCE, ...content);
export const set = (...content: readonly Uint8Array[]): Buffer => tagged(SET, ...content);
export const octets = (content: Uint8Array): Buffer => tagged(OCTET_STRING, content);
export const utf8 = (text: string): Buffer => tagged(UTF8_STRING, Buffer.from(text));
export const truth = (): Buffer => tagged(BOOLEAN, Buffer.from([0xff]));

/** Unsigned, big-endian. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const shortest = first < 0 ? Buffer.from([0]) : Buffer.from(bytes.subarray(first));
  return (shortest[0] as number) >= 0x80 ? tagged(INTEGER, Buffer.from([0]), shortest) : tagged(INTEGER, shortest);
}

export function bits(content: Uint8Array, unusedBits = 0): Buffer {
  return tagged(BIT_STRING, Buffer.from([unusedBits]), content);
}

/** `2.5.29.17` */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tagged(OBJECT_IDENTIFIER, Buffer.from(bytes));
}

export function time(epochMs: number): Buffer {
  const digits = `${new Date(epochMs).toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`;
  const isLate = new Date(epochMs).getUTCFullYear() >= FIRST_GENERALIZED_YEAR;
  return isLate ? tagged(GENERALIZED_TIME, Buffer.from(digits)) : tagged(UTC_TIME, Buffer.from(digits.slice(2)));
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let left = length; left > 0; left >>>= 8) bytes.unshift(left & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}
