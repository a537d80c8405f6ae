/** `./pushboat test`: its last line and its exit code, which CI reads. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../support/command.ts";
import { LAUNCHER } from "../../support/platform.ts";
import { ROOT } from "./shell.ts";

const PASSES = 'test("passes", () => {});\n';
const FAILS = 'test("fails", () => { throw new Error("no"); });\n';
const SKIPPED = 'test.skip("is skipped", () => {});\n';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync("/var/tmp/pushboat-test-command-");
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  writeFileSync(join(directory, "vitest.config.ts"), "export default {};\n");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Tests of another project, with the launcher's own way of running and counting. */
async function runTests(text: string, ci: string) {
  writeFileSync(join(directory, "planted.test.ts"), `import { test } from "vitest";\n${text}`);
  const clean = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|NODE_ENV$|PUSHBOAT_)/.test(name));
  const result = await run([LAUNCHER, "test", "--root", directory], { env: { ...Object.fromEntries(clean), CI: ci }, timeoutMs: 110_000 });
  return { code: result.code, lastLine: result.stdout.trimEnd().split("\n").at(-1) };
}

test.each([
  ["all pass", PASSES + PASSES.replace("passes", "passes too"), "true", "2 passed, 0 failed", 0],
  ["one fails", PASSES + FAILS, "", "1 passed, 1 failed", 1],
  ["one is skipped", PASSES + SKIPPED, "", "1 passed, 0 failed, 1 skipped", 0],
  ["one is skipped in CI", PASSES + SKIPPED, "true", "1 passed, 0 failed, 1 skipped", 1],
  ["a file cannot be loaded", 'import "./missing.ts";\n', "", "0 passed, 1 failed", 1],
  ["a rejection is handled by nobody", `${PASSES}void Promise.reject(new Error("late"));\n`, "", "1 passed, 1 failed", 1],
] as const)("where %s, the last line and the exit code say so", { timeout: 120_000 }, async (_case, text, ci, lastLine, code) => {
  expect(await runTests(text, ci)).toEqual({ lastLine, code });
});
