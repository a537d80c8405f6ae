/** A client's terminal as commands see it: its type and its size, which may change. */
import type { Terminal, TerminalSize } from "../core/index.ts";

export interface DoorTerminal {
  readonly terminal: Terminal;
  resize(columns: number, rows: number): void;
}

const MAX_COLUMNS_OR_ROWS = 10_000;

export function createDoorTerminal(type: string, columns: number, rows: number): DoorTerminal {
  const listeners: ((size: TerminalSize) => void)[] = [];
  let size = sane(columns, rows);
  return {
    terminal: {
      type: /^[A-Za-z0-9._+-]{1,64}$/.test(type) ? type : "dumb",
      size: () => size,
      onResize: (listener) => {
        listeners.push(listener);
      },
    },
    resize: (nextColumns, nextRows) => {
      size = sane(nextColumns, nextRows);
      for (const listener of listeners) listener(size);
    },
  };
}

/** The client says these numbers: they end in an ioctl. */
function sane(columns: number, rows: number): TerminalSize {
  return { columns: clamp(columns), rows: clamp(rows) };
}

function clamp(count: number): number {
  return Math.min(Math.max(Math.trunc(count) || 0, 0), MAX_COLUMNS_OR_ROWS);
}
