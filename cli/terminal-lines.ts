/** Lines typed at a terminal in raw mode. Reads from the start, so that ^C is heard while a command waits for something else. */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { editLine, INTERRUPT } from "./line-editor.ts";

/** Keys typed early wait for the next question; nobody types more than this. */
const MAX_PENDING_CHARACTERS = 256 * 1024;

export interface TerminalLines {
  /** The next line; null: the input ended, by ^D or ^C too. */
  next(): Promise<string | null>;
}

export function createTerminalLines(stdin: Readable, echo: (text: string) => void, interrupt: () => void): TerminalLines {
  const decoder = new StringDecoder("utf8");
  let pending = "";
  let line = "";
  let ended = false;
  let waiting: ((line: string | null) => void) | null = null;

  const answer = (value: string | null) => {
    const resolve = waiting;
    waiting = null;
    line = "";
    resolve?.(value);
  };
  const consume = () => {
    while (waiting !== null && pending !== "") {
      const character = String.fromCodePoint(pending.codePointAt(0) ?? 0);
      pending = pending.slice(character.length);
      const step = editLine(line, character);
      line = step.line;
      if (step.echo !== "") echo(step.echo);
      if (step.event !== null) answer(step.event === "line" ? line : null);
    }
    if (ended) answer(null);
  };
  stdin.on("data", (chunk: Buffer) => {
    const text = decoder.write(chunk);
    if (text.includes(INTERRUPT)) {
      pending = "";
      echo("^C\n");
      interrupt();
      answer(null);
    } else if (pending.length + text.length <= MAX_PENDING_CHARACTERS) {
      pending += text;
      consume();
    }
  });
  stdin.on("end", () => {
    ended = true;
    consume();
  });
  return {
    next: () =>
      new Promise((resolve) => {
        waiting = resolve;
        consume();
      }),
  };
}
