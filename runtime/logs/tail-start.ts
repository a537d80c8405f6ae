/** Where to begin reading a file so that its last lines are seen: from the end backwards, never all of it. */
import { readSync } from "node:fs";
import { MAX_LINE_BYTES } from "./log-text.ts";

const CHUNK_BYTES = 64 * 1024;
/** A file full of unfinished lines is not read to its beginning for one more line. */
const MOST_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Offset behind which lie exactly `lines` whole lines (of several parts or one); less where there are fewer. */
export function tailStart(fd: number, endOffset: number, lines: number): number {
  const most = Math.min(MOST_BYTES, Math.max(CHUNK_BYTES, lines * MAX_LINE_BYTES));
  let seen = 0;
  let start = endOffset;
  const chunk = Buffer.alloc(CHUNK_BYTES);
  while (start > 0 && endOffset - start < most) {
    const length = Math.min(CHUNK_BYTES, start);
    const bytes = chunk.subarray(0, readSync(fd, chunk, 0, length, start - length));
    let from = bytes.length;
    for (;;) {
      const newline = from <= 0 ? -1 : bytes.lastIndexOf(NEWLINE, from - 1);
      if (newline < 0) break;
      if (isWhole(bytes, newline)) {
        // The end of the line before the first that is wanted: unfinished parts of that one lie behind it.
        if (seen === lines) return start - length + newline + 1;
        seen += 1;
      }
      from = newline;
    }
    start -= length;
  }
  return start;
}

/** Whether the raw line that ends here is tagged F; where its head lies in another chunk it is taken for whole. */
function isWhole(bytes: Buffer, newline: number): boolean {
  const lineStart = newline === 0 ? 0 : bytes.lastIndexOf(NEWLINE, newline - 1) + 1;
  const head = bytes.toString("latin1", lineStart, Math.min(lineStart + 48, newline));
  return !/ std(out|err) P /.test(head);
}
