/** What a terminal in raw mode sends, as lines: a pure step from (line so far, character) to what to echo and what was meant. */

export interface EditorStep {
  readonly line: string;
  /** For the terminal. */
  readonly echo: string;
  /** `line`: Enter. `end`: ^D on an empty line. */
  readonly event: "line" | "end" | null;
}

export const INTERRUPT = "\u0003";
const END = "\u0004";
const CLEAR = "\u0015";
const BACKSPACES = ["\b", "\u007f"];
const RUB_OUT = "\b \b";

export function editLine(line: string, character: string): EditorStep {
  if (character === "\r" || character === "\n") return { line, echo: "\n", event: "line" };
  if (character === END) return { line, echo: "", event: line === "" ? "end" : null };
  if (BACKSPACES.includes(character)) return { line: [...line].slice(0, -1).join(""), echo: line === "" ? "" : RUB_OUT, event: null };
  if (character === CLEAR) return { line: "", echo: RUB_OUT.repeat([...line].length), event: null };
  if (character < " ") return { line, echo: "", event: null };
  return { line: line + character, echo: character, event: null };
}
