import { describe, expect, it } from "vitest";
import { readTestPhase } from "../../../core/index.ts";

const APP_JSON = JSON.stringify({
  scripts: { test: "not this" },
  environments: { test: { scripts: { test: "npm test" }, env: { A: "1" } } },
});

describe("the test command of a commit", () => {
  it("is pushboat.yml's before app.json's", () => {
    expect(readTestPhase({ appJson: APP_JSON, pushboatYml: "test: make check\n" })).toEqual({
      command: "make check",
      from: "pushboat.yml",
      env: { A: "1" },
    });
  });

  it("is the one of app.json's environments.test, with that section's env", () => {
    expect(readTestPhase({ appJson: APP_JSON, pushboatYml: null })).toEqual({ command: "npm test", from: "app.json", env: { A: "1" } });
  });

  it("is nothing where neither says one", () => {
    expect(readTestPhase({ appJson: JSON.stringify({ scripts: { test: "npm test" } }), pushboatYml: "" })).toBeNull();
    expect(readTestPhase({ appJson: null, pushboatYml: null })).toBeNull();
  });
});
