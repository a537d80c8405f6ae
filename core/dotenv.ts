/** .env text: `KEY=value` lines with quotes, multi-line values, `export ` and comments; and the shell form, which both a shell and this parser read back. */
import { type Config, parseConfigKey } from "./config.ts";
import { PushboatError } from "./errors.ts";
import { quote } from "./names.ts";
import { quoteShellWord } from "./shell-words.ts";

/*
 * What is read:
 *   KEY=plain value # comment      trimmed; a # behind a space begins a comment
 *   KEY='as it is'                 may span lines
 *   KEY="with \n \t \" \\ \$"      may span lines; other backslashes stay
 *   KEY='it'\''s'                  pieces side by side, as a shell writes them
 *   export KEY=value
 * $NAME is never expanded. The last of two equal keys wins, as in a shell.
 */
export function parseDotenv(text: string): Config {
  const input = withoutCarriageReturns(text.replace(/^\uFEFF/, ""));
  const found = new Map<string, string>();
  let at = 0;
  while (at < input.length) {
    const end = lineEnd(input, at);
    const line = input.slice(at, end);
    if (/^\s*(#|$)/.test(line)) {
      at = end + 1;
      continue;
    }
    const head = /^\s*(?:export\s+)?([^\s=]*)[ \t]*=[ \t]*/.exec(line);
    if (head === null) throw bad(input, at, `${quote(line.trim())} is not of the form KEY=VALUE`);
    const valueAt = at + head[0].length;
    const read = readValue(input, valueAt);
    found.set(parseConfigKey(head[1] ?? ""), read.value);
    at = lineEnd(input, read.end) + 1;
  }
  return Object.fromEntries(found);
}

/** Only where every line ends in \r\n (a file from Windows): elsewhere a \r stands in a value and is meant. */
function withoutCarriageReturns(text: string): string {
  return /(^|[^\r])\n/.test(text) ? text : text.replaceAll("\r\n", "\n");
}

interface ReadValue {
  readonly value: string;
  /** Behind the last character that was looked at; still on the value's last line. */
  readonly end: number;
}

function readValue(input: string, start: number): ReadValue {
  const first = input[start];
  if (first === "'" || first === '"') return readQuoted(input, start);
  const end = lineEnd(input, start);
  const value = input.slice(start, end).replace(/(^|\s)#.*$/, "");
  return { value: value.trim(), end };
}

/** Quoted pieces and escaped characters side by side, up to a space, a comment or the end of the line. */
function readQuoted(input: string, start: number): ReadValue {
  let value = "";
  let at = start;
  for (;;) {
    const mark = input[at];
    if (mark === "'" || mark === '"') {
      const close = closingQuote(input, at);
      if (close < 0) throw bad(input, start, `A quote (${mark}) is not closed`);
      const inside = input.slice(at + 1, close);
      value += mark === "'" ? inside : unescaped(inside);
      at = close + 1;
    } else if (mark === "\\" && at + 1 < lineEnd(input, at)) {
      value += input[at + 1];
      at += 2;
    } else break;
  }
  const rest = input.slice(at, lineEnd(input, at));
  if (!/^\s*(#.*)?$/.test(rest)) throw bad(input, at, `There is text behind a closing quote: ${quote(rest.trim())}`);
  return { value, end: at };
}

function closingQuote(input: string, open: number): number {
  const mark = input[open];
  for (let at = open + 1; at < input.length; at += 1) {
    if (input[at] === mark) return at;
    if (mark === '"' && input[at] === "\\") at += 1;
  }
  return -1;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$", "`": "`" };

function unescaped(text: string): string {
  return text.replace(/\\([nrt"\\$`])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

function lineEnd(input: string, at: number): number {
  const end = input.indexOf("\n", at);
  return end < 0 ? input.length : end;
}

function bad(input: string, at: number, message: string): PushboatError {
  const line = input.slice(0, at).split("\n").length;
  return new PushboatError({
    code: "config/dotenv",
    message: `Line ${line}: ${message}`,
    hint: "One KEY=VALUE on each line; quote values with spaces, # or line breaks. Nothing was changed.",
  });
}

/** `KEY=value` lines for a shell (`. file`, `eval`) and for parseDotenv: exactly what is in the config comes back. */
export function formatShell(config: Config): string {
  return Object.entries(config)
    .map(([key, value]) => `${key}=${quoteShellWord(value)}\n`)
    .join("");
}
