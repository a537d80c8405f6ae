import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EnvironmentName, LogLine, LogQuery } from "../../../core/index.ts";
import { createLogs, type Logs } from "../../../runtime/logs/index.ts";

const BLOG = "blog@feature/x" as EnvironmentName;
const START_MS = Date.UTC(2026, 7, 1, 10);
const line = (second: number, text: string, tag = "F"): string =>
  `${new Date(START_MS + second * 1000).toISOString().replace("Z", "000000+00:00")} stdout ${tag} ${text}\n`;

let data: string;
let directory: string;
let logs: Logs;
let following: AbortController;
const reopened: string[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "pushboat-logs-"));
  directory = join(data, "logs", "blog%40feature%2Fx");
  mkdirSync(directory, { recursive: true });
  mkdirSync(join(data, "router-logs"));
  following = new AbortController();
  reopened.length = 0;
  logs = createLogs({
    settings: { dataDirectory: data },
    now: () => START_MS + 3_500,
    reopen: async (id) => void reopened.push(id),
    complain: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
});

afterEach(() => {
  following.abort();
  logs.close();
  rmSync(data, { recursive: true, force: true });
});

const query = (patch: Partial<LogQuery> = {}): AsyncIterable<LogLine> =>
  logs.query({ environment: BLOG, lines: null, process: null, follow: false, signal: following.signal, ...patch });

async function texts(lines: AsyncIterable<LogLine>): Promise<string[]> {
  const found: string[] = [];
  for await (const { source, text } of lines) found.push(`${source}: ${text}`);
  return found;
}

/** Collects until `count` lines came; the rest of the file goes on being followed. */
async function collect(lines: AsyncIterable<LogLine>, count: number, into: string[]): Promise<void> {
  for await (const { text } of lines) if (into.push(text) >= count) return;
}

function givenFiles(): void {
  writeFileSync(join(directory, "web.1.blog-web-1-aa.log.000001"), line(0, "first") + line(1, "second"));
  writeFileSync(join(directory, "web.1.blog-web-1-aa.log"), line(3, "third"));
  writeFileSync(join(directory, "worker.1.blog-worker-1-bb.log"), line(2, "work"));
  writeFileSync(join(data, "router-logs", "blog%40feature%2Fx.log"), line(4, "at=info"));
  logs.write(BLOG, "pushboat[web.1]", "State changed from starting to up");
}

describe("logs", () => {
  test("All files of an environment are one log, in order of time", async () => {
    givenFiles();
    expect(await texts(query())).toEqual([
      "app[web.1]: first",
      "app[web.1]: second",
      "app[worker.1]: work",
      "app[web.1]: third",
      "pushboat[web.1]: State changed from starting to up",
      "pushboat[router]: at=info",
    ]);
  });

  test("The last lines reach back over a rotation", async () => {
    givenFiles();
    expect(await texts(query({ lines: 5 }))).toEqual((await texts(query())).slice(-5));
    expect(await texts(query({ lines: 2 }))).toEqual(["pushboat[web.1]: State changed from starting to up", "pushboat[router]: at=info"]);
    expect(await texts(query({ lines: 0 }))).toEqual([]);
  });

  test("One process can be asked for", async () => {
    givenFiles();
    expect(await texts(query({ process: "worker" }))).toEqual(["app[worker.1]: work"]);
    expect(await texts(query({ lines: 3, process: "web" }))).toEqual([
      "app[web.1]: second",
      "app[web.1]: third",
      "pushboat[web.1]: State changed from starting to up",
    ]);
  });

  test("An environment without logs has no lines", async () => {
    expect(
      await texts(logs.query({ environment: "none" as EnvironmentName, lines: 9, process: null, follow: false, signal: following.signal })),
    ).toEqual([]);
  });

  test("The last 100 lines of a big file are found without reading it all", async () => {
    const path = join(directory, "web.1.blog-web-1-aa.log");
    const block = Array.from({ length: 10_000 }, (_, at) => line(0, `${"x".repeat(200)} ${at}`)).join("");
    for (let at = 0; at < 20; at += 1) appendFileSync(path, block);
    expect(statSync(path).size).toBeGreaterThan(45_000_000);
    const startedMs = performance.now();
    const found = await texts(query({ lines: 100 }));
    expect(performance.now() - startedMs).toBeLessThan(200);
    expect(found).toHaveLength(100);
    expect(found[0]).toMatch(/ 9900$/);
    expect(found[99]).toMatch(/ 9999$/);
  });

  test("A line in many parts counts as one when the last are looked for", async () => {
    const path = join(directory, "web.1.blog-web-1-aa.log");
    writeFileSync(
      path,
      line(0, "before") + Array.from({ length: 500 }, () => line(1, ".", "P")).join("") + line(1, "done") + line(2, "after"),
    );
    expect(await texts(query({ lines: 2 }))).toEqual([`app[web.1]: ${".".repeat(500)}done`, "app[web.1]: after"]);
  });

  test("A file that was last written to long ago is not read for the last lines", async () => {
    writeFileSync(join(directory, "web.1.blog-web-1-old.log"), "this would not parse\n");
    utimesSync(join(directory, "web.1.blog-web-1-old.log"), 1, 1);
    writeFileSync(join(directory, "web.1.blog-web-1-new.log"), line(0, "a") + line(1, "b"));
    expect(await texts(query({ lines: 2 }))).toEqual(["app[web.1]: a", "app[web.1]: b"]);
  });

  test("The last lines of one file are found for a failed start, unfinished line included", () => {
    const path = join(directory, "web.1.blog-web-1-aa.log");
    writeFileSync(path, line(0, "one") + line(1, "two") + line(2, "prompt> ", "P"));
    expect(logs.lastLines(path, 2)).toEqual(["two", "prompt> "]);
    expect(logs.lastLines(join(directory, "missing.1.x.log"), 2)).toEqual([]);
  });

  test("Removing an environment removes its files and the router's", () => {
    givenFiles();
    writeFileSync(join(data, "router-logs", "blog%40feature%2Fx.log.1"), "");
    logs.removeEnvironment(BLOG);
    expect(readdirSync(join(data, "logs"))).toEqual([]);
    expect(readdirSync(join(data, "router-logs"))).toEqual([]);
  });
});

describe("following", () => {
  test("Lines that are added come within 100 ms, also of instances that did not exist before, and none twice", async () => {
    const web = join(directory, "web.1.blog-web-1-aa.log");
    writeFileSync(web, line(0, "old"));
    const found: string[] = [];
    const done = collect(query({ lines: 10, follow: true }), 5, found);
    await sleep(100);
    expect(found).toEqual(["old"]);
    const startedMs = performance.now();
    appendFileSync(web, line(1, "new"));
    while (found.length < 2) await sleep(1);
    expect(performance.now() - startedMs).toBeLessThan(100);
    writeFileSync(join(directory, "web.2.blog-web-2-bb.log"), line(2, "other"));
    while (found.length < 3) await sleep(1);
    appendFileSync(join(data, "router-logs", "blog%40feature%2Fx.log"), line(3, "at=info"));
    while (found.length < 4) await sleep(1);
    logs.write(BLOG, "pushboat[api]", "Deploy");
    await done;
    expect(found).toEqual(["old", "new", "other", "at=info", "Deploy"]);
  });

  test("A line that was half written when following began comes whole", async () => {
    const web = join(directory, "web.1.blog-web-1-aa.log");
    const whole = line(1, "half and half");
    writeFileSync(web, line(0, "old") + line(1, "part, ", "P") + whole.slice(0, 45));
    const found: string[] = [];
    const done = collect(query({ lines: 10, follow: true }), 2, found);
    await sleep(50);
    appendFileSync(web, whole.slice(45));
    await done;
    expect(found).toEqual(["old", "part, half and half"]);
  });

  test("Rotation by rename loses and doubles nothing, even when it happens twice between two looks", async () => {
    const web = join(directory, "web.1.blog-web-1-aa.log");
    const expected: string[] = [];
    const append = (): void => {
      expected.push(String(expected.length));
      appendFileSync(web, line(expected.length, String(expected.length - 1)));
    };
    append();
    const found: string[] = [];
    const done = collect(query({ follow: true }), 1_201, found);
    for (let round = 1; round <= 12; round += 1) {
      for (let at = 0; at < 100; at += 1) append();
      renameSync(web, `${web}.${String(round).padStart(6, "0")}`);
      if (round % 3 === 0) await sleep(30);
    }
    await done;
    expect(found).toEqual(expected);
  });

  test("A file that its writer replaced at its own limit is followed in its successor", async () => {
    const web = join(directory, "web.1.blog-web-1-aa.log");
    writeFileSync(web, line(0, "a"));
    const found: string[] = [];
    const done = collect(query({ follow: true }), 3, found);
    await sleep(50);
    appendFileSync(web, line(1, "b"));
    writeFileSync(`${web}.tmp`, "");
    renameSync(`${web}.tmp`, web);
    appendFileSync(web, line(2, "c"));
    await done;
    expect(found.slice(-1)).toEqual(["c"]);
  });

  test("It ends when the caller goes, and when the environment's logs are removed", async () => {
    givenFiles();
    const one = texts(query({ lines: 0, follow: true }));
    const signal = new AbortController();
    const other = texts(query({ lines: 0, follow: true, signal: signal.signal }));
    await sleep(50);
    signal.abort();
    expect(await other).toEqual([]);
    logs.removeEnvironment(BLOG);
    expect(await one).toEqual([]);
  });
});

describe("rotation", () => {
  test("A file over 10 MB is renamed within about a second, its writer told, and the budget kept", async () => {
    const path = logs.instanceFile(BLOG, "web.1", "blog-web-1-aa");
    for (let at = 1; at <= 4; at += 1) {
      writeFileSync(`${path}.00000${at}`, Buffer.alloc(12 * 1024 * 1024));
      utimesSync(`${path}.00000${at}`, at, at);
    }
    writeFileSync(path, Buffer.alloc(11 * 1024 * 1024));
    while (reopened.length === 0) await sleep(50);
    expect(reopened).toEqual(["blog-web-1-aa"]);
    expect(readdirSync(directory).sort()).toEqual(["2", "3", "4", "5"].map((at) => `web.1.blog-web-1-aa.log.00000${at}`));
  });

  test("What nobody writes to any more is not looked at", async () => {
    const path = logs.instanceFile(BLOG, "web.1", "blog-web-1-aa");
    writeFileSync(path, Buffer.alloc(11 * 1024 * 1024));
    logs.ended(path);
    await sleep(1_200);
    expect(reopened).toEqual([]);
  });
});
