import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseSettings } from "../../../../core/index.ts";
import { createEngine } from "../../../../runtime/engine/index.ts";
import { pathsOf } from "../../../../runtime/engine/paths.ts";
import { giveBackIndex, reserveIndex } from "../../../../runtime/engine/reservation.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync("/var/tmp/pushboat-prepare-");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("a place on the host", () => {
  let running = -1;
  const placeOf = (name: string) =>
    pathsOf({ runDirectory: `${directory}/run/${name}`, dataDirectory: `${directory}/${name}`, platformId: name });
  const reserve = (name: string, limit = 8): number => {
    mkdirSync(`${directory}/${name}`, { recursive: true });
    return reserveIndex(placeOf(name), { owner: `${directory}/${name}`, limit, inUse: (index) => index === running });
  };

  test("is one's own, the same when asked again, and free for others when given back", () => {
    expect([reserve("one"), reserve("two"), reserve("one")]).toEqual([0, 1, 0]);
    expect(giveBackIndex(placeOf("one"), 0)).toBe(false);
    expect(reserve("three")).toBe(0);
  });

  test("is preferred again, as long as nobody else has it", () => {
    reserve("one");
    expect(reserve("two")).toBe(1);
    giveBackIndex(placeOf("one"), 0);
    giveBackIndex(placeOf("two"), 1);
    expect(reserve("two")).toBe(1);
  });

  test("is taken over from a deleted data directory when the host is full, and refused in words otherwise", () => {
    reserve("one", 2);
    reserve("two", 2);
    expect(() => reserve("three", 2)).toThrow("all 2 places for platforms on this host are taken");
    rmSync(`${directory}/two`, { recursive: true });
    running = 1;
    expect(() => reserve("three", 2)).toThrow("are taken");
    running = -1;
    expect(reserve("three", 2)).toBe(1);
  });

  test("tells who leaves last", () => {
    reserve("one");
    expect(giveBackIndex(placeOf("one"), 0)).toBe(true);
  });
});

describe("preparing", () => {
  test("closes what is in the run directory to everybody else, and can be done twice", async () => {
    const settings = parseSettings({ PUSHBOAT_DATA: directory });
    const engine = createEngine({ settings, log: { warn: () => {} } });
    await engine.prepare();
    await engine.prepare();
    const mode = (name: string): string => (statSync(`${settings.runDirectory}/${name}`).mode & 0o777).toString(8);
    expect(["containers", "exits", "persist", "runc", "m", "."].map(mode)).toEqual(["700", "700", "700", "700", "711", "711"]);
    expect(readFileSync("/proc/self/mountinfo", "utf8").match(new RegExp(` ${settings.runDirectory}/m `, "g"))).toHaveLength(1);
    await engine.teardown();
    expect(readdirSync(settings.runDirectory)).toEqual([]);
    rmSync(settings.runDirectory, { recursive: true });
  });

  test("refuses a data directory whose filesystem cannot map owners, and says which can", async () => {
    mkdirSync(`${directory}/mounted`);
    execFileSync("mount", ["-t", "ramfs", "none", `${directory}/mounted`]);
    const settings = parseSettings({ PUSHBOAT_DATA: `${directory}/mounted` });
    const engine = createEngine({ settings, log: { warn: () => {} } });
    try {
      await expect(engine.prepare()).rejects.toMatchObject({
        code: "engine/mapped-overlays",
        hint: expect.stringContaining("ext4, xfs or btrfs"),
      });
    } finally {
      await engine.close();
      execFileSync("umount", [`${directory}/mounted`]);
      rmSync(settings.runDirectory, { recursive: true, force: true });
    }
  });
});
