/** `npm run bench [NAME...]`: runs benchmarks one after the other; each prints one table and writes one JSON file. */
import { runBenchmark } from "./benchmark.ts";
import { benchmarks } from "./benchmarks.ts";
import { writeRecord } from "./record.ts";
import { plainTable } from "./table.ts";

const names = process.argv.slice(2);
const unknown = names.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(", ")}; there are: ${benchmarks.map((benchmark) => benchmark.name).join(" ")}`);
  process.exit(2);
}

for (const benchmark of benchmarks) {
  if (names.length > 0 && !names.includes(benchmark.name)) continue;
  try {
    const results = await runBenchmark(benchmark);
    writeRecord(benchmark, results);
    console.log(`\n${benchmark.name}: ${benchmark.title}\n\n${plainTable(results)}\n`);
  } catch (error) {
    console.error(`\n${benchmark.name} failed:`, error);
    process.exitCode = 1;
  }
}
