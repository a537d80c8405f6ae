import { describe, expect, it } from "vitest";
import { applyScale, type ProcessType, parsePrivateAddress, parseScaleChange } from "../../../core/index.ts";

const quantities = (record: Record<string, number>) => record as Record<ProcessType, number>;

describe("a word of ps:scale", () => {
  it.each([
    ["web=3", { type: "web", operator: "=", count: 3 }],
    ["worker+1", { type: "worker", operator: "+", count: 1 }],
    ["worker-1", { type: "worker", operator: "-", count: 1 }],
    ["my-worker-2", { type: "my-worker", operator: "-", count: 2 }],
    ["web=2:1gb", { type: "web", operator: "=", count: 2, memoryBytes: 1024 ** 3 }],
    ["web=2:1.5g", { type: "web", operator: "=", count: 2, memoryBytes: 1.5 * 1024 ** 3 }],
    ["web+0:Standard-2X", { type: "web", operator: "+", count: 0, memoryBytes: 1024 ** 3 }],
    ["web=2:default", { type: "web", operator: "=", count: 2, memoryBytes: null }],
    ["web=0", { type: "web", operator: "=", count: 0 }],
  ])("%s is read", (text, expected) => {
    expect(parseScaleChange(text)).toEqual(expected);
  });

  it.each([
    ["web", "scale/grammar"],
    ["web=", "scale/grammar"],
    ["web=x", "scale/grammar"],
    ["web=-1", "scale/grammar"],
    ["web=1.5", "scale/grammar"],
    ["", "scale/grammar"],
    ["web = 1", "scale/grammar"],
    ["web=2:lots", "scale/size"],
    ["web=2:1kb", "scale/size"],
    ["web=2:9999tb", "scale/size"],
    ["Web=2", "name/process-type"],
    ["web=101", "scale/too-many"],
    ["web=99999999999999999999", "scale/too-many"],
  ])("%j is refused with %s", (text, code) => {
    expect(() => parseScaleChange(text)).toThrow(expect.objectContaining({ code }));
  });
});

describe("scaling", () => {
  it("goes from left to right", () => {
    const changes = ["web=3", "worker+1", "web-1"].map(parseScaleChange);
    expect(applyScale(quantities({ web: 1, worker: 0 }), changes)).toEqual({ web: 2, worker: 1 });
  });

  it.each([
    ["clock=1", "scale/unknown-type"],
    ["constructor=1", "scale/unknown-type"],
    ["web-2", "scale/below-zero"],
    ["web+100", "scale/too-many"],
  ])("%s is refused with %s where web=1 is all there is", (text, code) => {
    expect(() => applyScale(quantities({ web: 1 }), [parseScaleChange(text)])).toThrow(expect.objectContaining({ code }));
  });
});

describe("an address of network:allow", () => {
  it("is an IPv4 address and a port", () => {
    expect(parsePrivateAddress("10.0.0.5:5432")).toEqual({ address: "10.0.0.5", port: 5432 });
  });

  it.each([
    "",
    "10.0.0.5",
    "db:5432",
    "10.0.0.5:0",
    "10.0.0.5:65536",
    "10.0.0.256:1",
    "10.0.0:1",
    "::1:80",
    "10.0.0.5:80; id",
    "010.0.0.5:80",
  ])("%j is refused", (text) => {
    expect(() => parsePrivateAddress(text)).toThrow(expect.objectContaining({ code: "network/address" }));
  });
});
