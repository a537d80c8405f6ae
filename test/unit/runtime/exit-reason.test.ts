import { expect, test } from "vitest";
import { exitReason } from "../../../runtime/exit-reason.ts";

const MB = 1024 * 1024;

test.each([
  [{ exitCode: 1, outOfMemory: false, unknown: false }, "exited with code 1"],
  [{ exitCode: 0, outOfMemory: false, unknown: false }, "exited with code 0"],
  [{ exitCode: 137, outOfMemory: false, unknown: false }, "killed by SIGKILL"],
  [{ exitCode: 143, outOfMemory: false, unknown: false }, "killed by SIGTERM"],
  [{ exitCode: 139, outOfMemory: false, unknown: false }, "killed by SIGSEGV"],
  [{ exitCode: 137, outOfMemory: true, unknown: false }, "out of memory (512 MB)"],
  [{ exitCode: 255, outOfMemory: false, unknown: false }, "exited with code 255"],
  [{ exitCode: 0, outOfMemory: false, unknown: true }, "ended, and its exit code was lost with its monitor"],
])("%o reads: %s", (exit, words) => {
  expect(exitReason(exit, 512 * MB)).toBe(words);
});
