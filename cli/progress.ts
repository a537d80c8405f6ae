/** Progress on stderr: `Setting A and restarting blog... done, v12`, with a deployment's events in between where there are any. */
import { type DeployEvent, renderEvent } from "../core/index.ts";
import type { Output } from "./output.ts";

export interface Progress {
  /** `Restarting blog`: the line stays open until something else is said. */
  begin(text: string): void;
  event(event: DeployEvent): void;
  done(text?: string): void;
  /** A line that the user should not miss. */
  warn(text: string): void;
  note(text: string): void;
  /** Ends an open line, so that an error begins a new one. */
  close(): void;
}

export function createProgress(output: Output): Progress {
  let begun = "";
  let lineIsOpen = false;
  const line = (text: string) => {
    output.message(`${lineIsOpen ? "\n" : ""}${text}\n`);
    lineIsOpen = false;
  };
  return {
    begin: (text) => {
      begun = text;
      output.message(`${text}... `);
      lineIsOpen = true;
    },
    event: (event) => {
      for (const text of renderEvent(event)) line(text);
    },
    done: (text = "done") => {
      output.message(lineIsOpen ? `${text}\n` : `${begun}... ${text}\n`);
      lineIsOpen = false;
    },
    warn: (text) => line(` !     ${text}`),
    note: line,
    close: () => {
      if (lineIsOpen) output.message("\n");
      lineIsOpen = false;
    },
  };
}
