/** Rows as aligned columns, two spaces apart, the same on a terminal and in a pipe. */
import { printable } from "../core/index.ts";

export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const cells = rows.map((row) => row.map(printable));
  const columns = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...cells.map((row) => width(row[column] ?? ""))));
  return cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** `Name: value` lines, the values below each other. */
export function fields(pairs: Readonly<Record<string, string>>): readonly string[] {
  const rows = Object.entries(pairs);
  const widest = Math.max(0, ...rows.map(([name]) => width(name)));
  return rows.map(([name, value]) => `${pad(`${name}:`, widest + 1)} ${printable(value)}`.trimEnd());
}

/** Text of others for a cell: a change of 4,000 keys has all of them in its description. */
export function shortened(text: string): string {
  return text.length > MAX_CELL_CHARACTERS ? `${text.slice(0, MAX_CELL_CHARACTERS - 3)}...` : text;
}

const MAX_CELL_CHARACTERS = 60;

/** `=== blog Config Vars` */
export function heading(text: string): string {
  return `=== ${printable(text)}`;
}

function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}

function width(text: string): number {
  return [...text].length;
}
