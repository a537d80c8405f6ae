import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { INSTANCE_TRANSITIONS } from "../../../runtime/tracked.ts";

test("docs/processes.md has the table of states as the supervisor has it", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/processes.md"), "utf8");
  const rows = Object.entries(INSTANCE_TRANSITIONS).map(([from, to]) => `| ${from} | ${to.join(", ")}${to.length === 0 ? "" : " "}|`);
  expect(page).toContain(`| from | to |\n| --- | --- |\n${rows.join("\n")}\n`);
});
