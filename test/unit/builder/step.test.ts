import { describe, expect, it } from "vitest";
import { stepFailure } from "../../../builder/step.ts";
import { renderError } from "../../../core/index.ts";

const LIMITS = { memoryBytes: 2048 * 1024 * 1024, pids: 1024, timeoutMs: 15 * 60_000, retryDelaysMs: [] };
const ENDED = { exitCode: 1, outOfMemory: false, timedOut: false };

function shown(result: Partial<typeof ENDED>, lines: readonly string[]): string {
  const failure = stepFailure("npm ci", { ...ENDED, ...result }, lines, LIMITS);
  return failure === null ? "it went well" : renderError(failure).join("\n");
}

describe("the end of a build step", () => {
  it("is no failure with exit code 0", () => {
    expect(shown({ exitCode: 0 }, [])).toBe("it went well");
  });

  it("names its exit code and the last lines", () => {
    expect(shown({ exitCode: 2 }, ["src/a.ts(1,1): error TS1005", "Found 1 error."])).toMatchSnapshot();
  });

  it("names too little memory and too little time as such, whatever the exit code", () => {
    expect(shown({ exitCode: 137, outOfMemory: true }, ["building"])).toMatchSnapshot();
    expect(shown({ exitCode: 124, timedOut: true }, [])).toMatchSnapshot();
  });

  it("shows the lines that tell what does not agree, not npm's page of usage", () => {
    const lines = [
      "npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.",
      "npm error Missing: ms@2.1.2 from lock file",
      'npm error Run "npm help ci" for more info',
    ];
    expect(shown({}, lines)).toContain("Missing: ms@2.1.2 from lock file");
    expect(shown({}, lines)).not.toContain("npm help ci");
  });

  it.each([
    [
      "a lockfile that does not agree",
      ["npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync."],
      "do not agree",
    ],
    [
      "a yarn.lock that does not agree",
      ["error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`."],
      "package.json and yarn.lock do not agree",
    ],
    [
      "a newer yarn.lock that does not agree",
      ["➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden."],
      "package.json and yarn.lock do not agree",
    ],
    [
      "a pnpm-lock.yaml that does not agree",
      [' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile"'],
      "package.json and pnpm-lock.yaml do not agree",
    ],
    ["a command that is not there", ["sh: 1: vite: not found"], "is its package among the dependencies"],
    ["C++ code to compile", ["npm error gyp ERR! find Python"], "compiles C++ code, and that failed"],
    ["a dependency by git", ["npm error syscall spawn git"], "fetched with git"],
  ])("says what to do about %s", (_, lines, advice) => {
    expect(shown({}, lines)).toContain(advice);
  });
});
