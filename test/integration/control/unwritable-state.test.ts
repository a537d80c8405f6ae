/** The state on a real file that cannot be written for a while, and on a filesystem that is full. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore, type Store } from "../../../control/store/index.ts";
import type { AppName, EnvironmentName } from "../../../core/index.ts";

let directory: string;
let store: Store;
beforeEach(() => {
  directory = mkdtempSync("/var/tmp/pushboat-state-");
  mkdirSync(`${directory}/small`);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "none", `${directory}/small`]);
});
afterEach(() => {
  store.close();
  execFileSync("umount", [`${directory}/small`]);
  rmSync(directory, { recursive: true });
});

const unwritable = expect.objectContaining({ code: "state/unwritable", message: expect.stringContaining("the state cannot be written") });
const names = () => store.apps.apps().map(({ name }) => name);

test("files that may not be changed: a change fails as a whole and says why, what is there is read, and the next one works", () => {
  store = openStore(directory);
  store.apps.createApp("first" as AppName, 1);
  const files = ["state.db", "state.db-wal"].map((name) => `${directory}/${name}`);
  execFileSync("chattr", ["+i", ...files]);
  try {
    expect(() => store.transaction(() => store.apps.createApp("second" as AppName, 1))).toThrow(unwritable);
    expect(() => store.apps.createApp("third" as AppName, 1)).toThrow(unwritable);
    expect(names()).toEqual(["first"]);
  } finally {
    execFileSync("chattr", ["-i", ...files]);
  }
  store.apps.createApp("fourth" as AppName, 1);
  expect(names()).toEqual(["first", "fourth"]);
});

test("a full filesystem: a change that does not fit fails as a whole, and works when there is room", () => {
  store = openStore(`${directory}/small`);
  store.apps.createApp("first" as AppName, 1);
  execFileSync("sh", ["-c", `dd if=/dev/zero of=${directory}/small/filler bs=4k 2>/dev/null || true`]);
  const large = () =>
    store.transaction(() => {
      store.apps.createApp("large" as AppName, 1);
      store.apps.setConfig("large" as EnvironmentName, { LARGE: "x".repeat(3_000_000) });
    });
  expect(large).toThrow(unwritable);
  expect(names()).toEqual(["first"]);
  rmSync(`${directory}/small/filler`);
  store.apps.createApp("second" as AppName, 1);
  expect(names()).toEqual(["first", "second"]);
});
