/** Results as a table for people, with a verdict against the budget. */
import type { BenchResult } from "./result.ts";

const HEADINGS = ["what", "value", "ratio", "against", "budget", "met"];

export function tableRows(results: readonly BenchResult[]): readonly (readonly string[])[] {
  return results.map((result) => [
    result.name,
    `${round(result.value)} ${result.unit}`.trim(),
    result.ratio === null ? "" : `${result.ratio}x`,
    result.against ?? "",
    result.budget ?? "",
    verdict(result),
  ]);
}

export function markdownTable(results: readonly BenchResult[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(HEADINGS), line(HEADINGS.map(() => "---")), ...tableRows(results).map(line)].join("\n");
}

export function plainTable(results: readonly BenchResult[]): string {
  const rows = [HEADINGS, ...tableRows(results)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A budget is `<= 1.35x` (of the ratio) or `<= 200 MB` (of the value); empty where there is none. */
export function verdict(result: BenchResult): "yes" | "NO" | "" {
  const match = /^(<=|>=|<|>|=) ?([\d.]+)(x?)/.exec(result.budget ?? "");
  if (match === null) return "";
  const seen = match[3] === "x" ? result.ratio : result.value;
  if (seen === null) return "";
  return compare(seen, match[1] as string, Number(match[2])) ? "yes" : "NO";
}

function compare(seen: number, operator: string, limit: number): boolean {
  switch (operator) {
    case "<=":
      return seen <= limit;
    case ">=":
      return seen >= limit;
    case "<":
      return seen < limit;
    case ">":
      return seen > limit;
    default:
      return seen === limit;
  }
}

function round(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(2);
}
