import { describe, expect, it } from "vitest";
import { stoppedIndexes, withStarted, withStopped } from "../../../core/index.ts";

const formation = { web: 3, worker: 1 };

describe("what is stopped", () => {
  it.each([
    [[], null, ["web", "worker"]],
    [[], "web", ["web"]],
    [["web.2"], "web", ["web"]],
    [["web"], "web.2", ["web"]],
    [["web.1"], "web.3", ["web.1", "web.3"]],
    [["web.1"], "web.1", ["web.1"]],
  ])("%j and stop %s is %j", (stops, name, after) => {
    expect(withStopped(stops, name, formation)).toEqual(after);
  });

  it.each([
    [["web", "worker.1"], null, []],
    [["web.1", "web.2", "worker"], "web", ["worker"]],
    [["web"], "web.2", ["web.1", "web.3"]],
    [["web.1", "web.2"], "web.2", ["web.1"]],
    [[], "web", []],
  ])("%j and start %s is %j", (stops, name, after) => {
    expect(withStarted(stops, name, formation)).toEqual(after);
  });

  it("is known by place", () => {
    expect(stoppedIndexes(["web.2", "worker"], "web", 3)).toEqual([2]);
    expect(stoppedIndexes(["web.2", "worker"], "worker", 2)).toEqual([1, 2]);
    expect(stoppedIndexes(["web-api"], "web", 2)).toEqual([]);
  });

  it.each(["clock", "web.4", "web.0"])("is nothing of the name %s", (name) => {
    expect(() => withStopped([], name, formation)).toThrow(`there is no ${name} in the formation`);
  });
});
