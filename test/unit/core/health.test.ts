import { describe, expect, test } from "vitest";
import { decideHealth, type HealthProbe, type PushboatError, readManifest } from "../../../core/index.ts";

const probe: HealthProbe = { kind: "http", port: null, path: "/up", statuses: [], headers: {}, content: null };
const check = { probe, attempts: 3 };
const ill = { well: false, seen: "answers 500" } as const;

describe("decideHealth", () => {
  test("fewer failures than attempts change nothing; the last one takes the instance out of the rotation, with the reason", () => {
    const given = { kind: "readiness", check, inRotation: true } as const;
    expect(decideHealth({ ...given, failures: 1 }, ill)).toMatchObject({ failures: 2, action: "none" });
    expect(decideHealth({ ...given, failures: 2 }, ill)).toEqual({
      failures: 3,
      action: "leave",
      reason: "readiness check failed 3 times: GET /up answers 500",
    });
  });

  test("one that is out and goes on failing stays out; the first good answer brings it back", () => {
    const given = { kind: "readiness", check, inRotation: false, failures: 3 } as const;
    expect(decideHealth(given, ill)).toMatchObject({ failures: 4, action: "none" });
    expect(decideHealth(given, { well: true })).toEqual({ failures: 0, action: "return", reason: null });
  });

  test("a good answer forgets the failures before it", () => {
    expect(decideHealth({ kind: "liveness", check, inRotation: true, failures: 2 }, { well: true })).toMatchObject({
      failures: 0,
      action: "none",
    });
  });

  test("liveness ends the instance, in the rotation or not, and never brings one back", () => {
    for (const inRotation of [true, false])
      expect(decideHealth({ kind: "liveness", check, inRotation, failures: 2 }, ill)).toMatchObject({ action: "end" });
    expect(decideHealth({ kind: "liveness", check, inRotation: false, failures: 0 }, { well: true }).action).toBe("none");
  });
});

describe("health checks in the files of a commit", () => {
  const health = (appJson: string | null, pushboatYml: string | null) =>
    readManifest({ appJson, pushboatYml }, null).processes?.["web"]?.health;

  test("Dokku's form: type, path, headers, command, attempts, seconds; without a type it is a startup check", () => {
    const checks = [
      { path: "/boot", attempts: 5, timeout: 2, wait: 1 },
      { type: "readiness", path: "/ready", content: "yes", httpHeaders: [{ name: "host", value: "a.example.com" }] },
      { type: "liveness", command: ["bin/alive", "-q"] },
    ];
    expect(health(JSON.stringify({ healthchecks: { web: checks } }), null)).toEqual({
      startup: [{ probe: { ...probe, path: "/boot" }, attempts: 5, timeoutMs: 2_000, waitMs: 1_000 }],
      readiness: [
        {
          probe: { ...probe, path: "/ready", content: "yes", headers: { host: "a.example.com" } },
          attempts: 3,
          timeoutMs: 5_000,
          waitMs: 5_000,
        },
      ],
      liveness: [{ probe: { kind: "command", form: "exec", command: ["bin/alive", "-q"] }, attempts: 3, timeoutMs: 5_000, waitMs: 5_000 }],
    });
  });

  test("pushboat.yml wins for the kind of check that it names", () => {
    const appJson = JSON.stringify({ healthchecks: { web: [{ path: "/boot" }, { type: "readiness", path: "/ready" }] } });
    const yml = "processes: {web: {health: {readiness: {http: /mine, status: [200, 204], host: a.example.com, wait: 0.5}}}}";
    const rules = health(appJson, yml);
    expect(rules?.startup[0]?.probe).toMatchObject({ path: "/boot" });
    expect(rules?.readiness).toMatchObject([
      { probe: { path: "/mine", statuses: [200, 204], headers: { host: "a.example.com" } }, waitMs: 500, timeoutMs: 5_000 },
    ]);
  });

  test("a check that asks two things, and a path without a slash, are refused with their place", () => {
    const refused = (yml: string): string => {
      try {
        health(null, yml);
      } catch (error) {
        return (error as PushboatError).message;
      }
      return "accepted";
    };
    expect(refused("processes: {web: {health: {liveness: {http: /a, tcp: true}}}}")).toMatch(/processes\/web\/health\/liveness/);
    expect(refused("processes: {web: {health: {liveness: {http: a}}}}")).toMatch(/processes\/web\/health\/liveness/);
  });
});
