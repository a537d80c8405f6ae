/** A command line as words: POSIX quoting (XCU 2.2), without any expansion; `;`, `|`, `$`, `*` and `#` are plain characters. */
import { PushboatError } from "./errors.ts";

/** Behind a backslash in double quotes only these lose it (XCU 2.2.3). */
const ESCAPED_IN_DOUBLE_QUOTES = new Set(["$", "`", '"', "\\"]);

export function splitShellWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let at = 0;
  while (at < line.length) {
    const character = line.charAt(at);
    if (isBlank(character)) {
      if (word !== null) words.push(word);
      word = null;
      at += 1;
      continue;
    }
    const part = readPart(line, at);
    word = (word ?? "") + part.text;
    at = part.end;
  }
  if (word !== null) words.push(word);
  return words;
}

/** One word quoted so that splitShellWords, or a shell, reads it back. */
export function quoteShellWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

interface Part {
  readonly text: string;
  /** Index behind the part. */
  readonly end: number;
}

function readPart(line: string, at: number): Part {
  switch (line.charAt(at)) {
    case "'":
      return readSingleQuoted(line, at);
    case '"':
      return readDoubleQuoted(line, at);
    case "\\":
      return readEscaped(line, at);
    default:
      return readPlain(line, at);
  }
}

function readPlain(line: string, at: number): Part {
  let end = at;
  while (end < line.length && !isBlank(line.charAt(end)) && !`'"\\`.includes(line.charAt(end))) end += 1;
  return { text: line.slice(at, end), end };
}

function readEscaped(line: string, at: number): Part {
  const next = line.charAt(at + 1);
  if (next === "") throw unfinished("a backslash at its end");
  return { text: next === "\n" ? "" : next, end: at + 2 };
}

function readSingleQuoted(line: string, at: number): Part {
  const close = line.indexOf("'", at + 1);
  if (close < 0) throw unfinished("a single quote that is never closed");
  return { text: line.slice(at + 1, close), end: close + 1 };
}

function readDoubleQuoted(line: string, at: number): Part {
  let text = "";
  let end = at + 1;
  while (line.charAt(end) !== '"') {
    if (end >= line.length) throw unfinished("a double quote that is never closed");
    const next = line.charAt(end + 1);
    if (line.charAt(end) === "\\" && (next === "\n" || ESCAPED_IN_DOUBLE_QUOTES.has(next))) {
      text += next === "\n" ? "" : next;
      end += 2;
    } else {
      text += line.charAt(end);
      end += 1;
    }
  }
  return { text, end: end + 1 };
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}

function unfinished(what: string): PushboatError {
  return new PushboatError({
    code: "command/quoting",
    message: `The command line has ${what}`,
    hint: "ssh joins its arguments with blanks before it sends them: quote twice, for example  config:set blog \"'TEXT=two words'\"",
  });
}
