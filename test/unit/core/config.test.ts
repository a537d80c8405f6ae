import { describe, expect, it } from "vitest";
import { applyConfig, configBytes, isInjectedKey, MAX_CONFIG_BYTES, parseConfigAssignment, parseConfigKey } from "../../../core/index.ts";

describe("a config key", () => {
  it.each(["A", "_a", "DATABASE_URL", "a1", "constructor"])("%s is taken", (key) => {
    expect(parseConfigKey(key)).toBe(key);
  });

  it.each(["", "1A", "A-B", "A B", "A.B", "É", "A\n", "../x", "$(reboot)", "__proto__"])("%j is refused", (key) => {
    expect(() => parseConfigKey(key)).toThrow(expect.objectContaining({ code: "config/key" }));
  });
});

describe("an assignment", () => {
  it.each([
    ["A=1", "1"],
    ["A=", ""],
    ["A=b=c", "b=c"],
    ["A=x y\nz", "x y\nz"],
    ["A='x'", "'x'"],
  ])("%j keeps everything behind the first = as it is", (text, value) => {
    expect(parseConfigAssignment(text)).toEqual({ key: "A", value });
  });

  it.each([
    ["A", "config/assignment"],
    ["=1", "config/key"],
    ["A B=1", "config/key"],
    ["A=\0", "config/nul"],
    ["PORT=80", "config/injected-key"],
    ["DYNO=x", "config/injected-key"],
    ["PUSHBOAT_APP=x", "config/injected-key"],
  ])("%j is refused with %s", (text, code) => {
    expect(() => parseConfigAssignment(text)).toThrow(expect.objectContaining({ code }));
  });

  it("PORT_OFFSET and MY_PORT are the user's own", () => {
    expect([isInjectedKey("PORT"), isInjectedKey("PORT_OFFSET"), isInjectedKey("MY_PORT")]).toEqual([true, false, false]);
  });
});

describe("a change of config", () => {
  it("sets, replaces and unsets at once and leaves the old config as it was", () => {
    const before = { A: "1", B: "2" };
    expect(applyConfig(before, { A: "9", B: null, C: "3", D: null })).toEqual({ A: "9", C: "3" });
    expect(before).toEqual({ A: "1", B: "2" });
  });

  it("may fill 64 kB to the last byte and not one more", () => {
    const room = MAX_CONFIG_BYTES - configBytes({ A: "" });
    expect(configBytes(applyConfig({}, { A: "x".repeat(room) }))).toBe(MAX_CONFIG_BYTES);
    expect(() => applyConfig({}, { A: "x".repeat(room + 1) })).toThrow(expect.objectContaining({ code: "config/too-large" }));
  });

  it("counts bytes, not characters", () => {
    expect(configBytes({ A: "é" })).toBe(5);
  });
});
