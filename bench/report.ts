/** `node bench/report.ts`: the newest results into docs/benchmarks.md, and the table between the marks of the README. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchRecord, readRecords } from "./record.ts";
import { markdownTable } from "./table.ts";

const ROOT = join(import.meta.dirname, "..");
/** To the last closing mark: the sections between have headings of their own. */
const MARK = /<!-- bench -->[\s\S]*<!-- \/bench -->/;

const records = readRecords();
writeBetween(join(ROOT, "docs/benchmarks.md"), records.map(section).join("\n\n"));
writeBetween(join(ROOT, "README.md"), summary(records));

function section(record: BenchRecord): string {
  return `## ${record.name}\n\n${record.title}\n\n${markdownTable(record.results)}\n\n${takenOn(record)}`;
}

/** Only lines with a budget, and one line about the machine. */
function summary(all: readonly BenchRecord[]): string {
  const budgeted = all.flatMap((record) => record.results.filter((result) => result.budget !== null));
  const newest = [...all].sort((a, b) => b.date.localeCompare(a.date))[0];
  return newest === undefined ? "" : `${markdownTable(budgeted)}\n\n${takenOn(newest)} How each is measured: docs/benchmarks.md.`;
}

function takenOn({ date, machine }: BenchRecord): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `Taken on ${date}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Linux ${machine.kernel}; ${versions.join(", ")}.`;
}

function writeBetween(file: string, text: string): void {
  if (!existsSync(file)) return;
  const before = readFileSync(file, "utf8");
  writeFileSync(
    file,
    before.replace(MARK, () => `<!-- bench -->\n\n${text}\n\n<!-- /bench -->`),
  );
}
