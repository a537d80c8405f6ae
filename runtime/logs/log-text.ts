/** Bytes that an app wrote -> text that a terminal can be given. */

/** semantics.md: longer lines are split. */
export const MAX_LINE_BYTES = 10_000;

/** Control characters (C0 but tab, DEL, C1) could move a reader's cursor or rename their window. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;

/** Invalid UTF-8 becomes U+FFFD; control characters become `\x1b`; the CR of a CRLF goes. */
export function cleanText(bytes: Buffer): string {
  return escapeControls(bytes.toString("utf8").replace(/\r$/, ""));
}

export function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Where to cut a buffer that is too long: at most MAX_LINE_BYTES, never within a UTF-8 character. */
export function cutAt(bytes: Buffer): number {
  let at = Math.min(bytes.length, MAX_LINE_BYTES);
  for (let back = 0; back < 3 && at < bytes.length && isContinuation(bytes[at]); back += 1) at -= 1;
  return at;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
