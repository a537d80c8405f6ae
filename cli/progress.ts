/** Progress on stderr: `Setting A and restarting blog... done, v12`, with a deployment's events in between where there are any. */
import { type DeployEvent, renderEvent } from "../core/index.ts";
import type { Output } from "./output.ts";

export interface Progress {
  /** `Restarting blog`: shown at once where it takes long, else together with how it ended. */
  begin(text: string): void;
  event(event: DeployEvent): void;
  done(text?: string): void;
  /** A line that the user should not miss. */
  warn(text: string): void;
  note(text: string): void;
  /** Ends an open line, so that an error begins a new one. */
  close(): void;
}

/** Whoever waits longer wants to know for what; a quick command says one whole line, which no result of stdout can split. */
const PATIENCE_MS = 200;

export function createProgress(output: Output): Progress {
  let begun: string | null = null;
  let patience: NodeJS.Timeout | null = null;
  let lineIsOpen = false;

  const open = () => {
    if (begun !== null && !lineIsOpen) output.message(`${begun}...`);
    lineIsOpen = begun !== null;
  };
  const rest = () => {
    if (patience !== null) clearTimeout(patience);
    patience = null;
  };
  const line = (text: string) => {
    if (patience !== null) open();
    rest();
    output.message(`${lineIsOpen ? "\n" : ""}${text}\n`);
    lineIsOpen = false;
  };
  return {
    begin: (text) => {
      begun = text;
      patience = setTimeout(open, PATIENCE_MS).unref();
    },
    event: (event) => {
      for (const text of renderEvent(event)) line(text);
    },
    done: (text = "done") => {
      rest();
      output.message(lineIsOpen ? ` ${text}\n` : `${begun}... ${text}\n`);
      lineIsOpen = false;
    },
    warn: (text) => line(` !     ${text}`),
    note: line,
    close: () => {
      rest();
      if (lineIsOpen) output.message("\n");
      lineIsOpen = false;
    },
  };
}
