/** Bytes of a stream into whole lines of text. */

/** semantics.md: longer lines are split. */
const MAX_LINE_BYTES = 10_000;

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** The last line, when it has no newline. */
  end(): void;
}

export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  let rest = Buffer.alloc(0);
  const emit = (line: Buffer): void => {
    const end = line.at(-1) === 0x0d ? line.length - 1 : line.length;
    onLine(line.toString("utf8", 0, end));
  };
  return {
    push(chunk) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (;;) {
        const newline = bytes.indexOf(0x0a);
        if (newline < 0 && bytes.length <= MAX_LINE_BYTES) break;
        const length = newline < 0 || newline > MAX_LINE_BYTES ? splitPoint(bytes) : newline;
        emit(bytes.subarray(0, length));
        bytes = bytes.subarray(length === newline ? length + 1 : length);
      }
      rest = Buffer.from(bytes);
    },
    end() {
      if (rest.length > 0) emit(rest);
      rest = Buffer.alloc(0);
    },
  };
}

/** Not within a character of several bytes (UTF-8 continuation bytes are 10xxxxxx). */
function splitPoint(bytes: Buffer): number {
  let length = MAX_LINE_BYTES;
  while (length > MAX_LINE_BYTES - 4 && ((bytes[length] ?? 0) & 0xc0) === 0x80) length -= 1;
  return length;
}
