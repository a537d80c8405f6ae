/** Where a text stops being JSON (RFC 8259); V8 names the place in some of its messages only. */

export interface JsonPosition {
  readonly line: number;
  readonly column: number;
  /** `expected "," or "}"` */
  readonly expected: string;
}

/** null: the text is JSON. */
export function findJsonError(text: string): JsonPosition | null {
  const scanner = new Scanner(text);
  try {
    scanner.value();
    scanner.end();
    return null;
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    const before = text.slice(0, error.offset).split("\n");
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected: error.message };
  }
}

class ScanError extends Error {
  readonly offset: number;
  constructor(offset: number, expected: string) {
    super(expected);
    this.offset = offset;
  }
}

const MAX_DEPTH = 500;

class Scanner {
  readonly text: string;
  offset = 0;
  depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(): void {
    this.space();
    if (++this.depth > MAX_DEPTH) throw new ScanError(this.offset, "less nesting");
    const c = this.text[this.offset];
    if (c === "{") this.list("}", () => this.member());
    else if (c === "[") this.list("]", () => this.value());
    else if (c === '"') this.match(STRING, "the end of the string");
    else this.match(SCALAR, "a value");
    this.depth--;
    this.space();
  }

  end(): void {
    if (this.offset < this.text.length) throw new ScanError(this.offset, "the end of the file");
  }

  private list(close: string, item: () => void): void {
    this.offset++;
    this.space();
    if (this.text[this.offset] === close) {
      this.offset++;
      return;
    }
    for (;;) {
      item();
      const c = this.text[this.offset];
      if (c !== close && c !== ",") throw new ScanError(this.offset, `"," or "${close}"`);
      this.offset++;
      if (c === close) return;
    }
  }

  private member(): void {
    this.space();
    this.match(STRING, "a name in double quotes");
    this.space();
    if (this.text[this.offset] !== ":") throw new ScanError(this.offset, '":"');
    this.offset++;
    this.value();
  }

  private match(pattern: RegExp, expected: string): void {
    pattern.lastIndex = this.offset;
    const found = pattern.exec(this.text);
    if (found === null) throw new ScanError(this.offset, expected);
    this.offset += found[0].length;
  }

  private space(): void {
    SPACE.lastIndex = this.offset;
    this.offset += SPACE.exec(this.text)?.[0].length ?? 0;
  }
}

const SPACE = /[ \t\r\n]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 section 7 refuses them inside a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9A-Za-z_.+-])/y;
