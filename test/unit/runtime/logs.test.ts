import { describe, expect, test } from "vitest";
import { ENVIRONMENT_BUDGET_BYTES, overBudget, rotationBytes } from "../../../runtime/logs/budget.ts";
import { formatLine, LineDecoder, normalTime } from "../../../runtime/logs/k8s-lines.ts";
import { parseLogFileName } from "../../../runtime/logs/log-files.ts";
import { inOrder, matches } from "../../../runtime/logs/log-query.ts";

const T = "2026-08-01T10:00:00.123456789+00:00";
const raw = (text: string, tag = "F", stream = "stdout"): string => `${T} ${stream} ${tag} ${text}\n`;
const decode = (...chunks: (string | Buffer)[]): string[] => {
  const decoder = new LineDecoder();
  return chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk))).map((line) => line.text);
};

describe("LineDecoder", () => {
  test("gives whole lines, however the bytes are portioned", () => {
    const bytes = Buffer.from(raw("one") + raw("zwölf") + raw(""));
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
      expect(decode(...chunks)).toEqual(["one", "zwölf", ""]);
    }
  });

  test("joins the parts of a line, each stream for itself", () => {
    expect(decode(raw("a", "P"), raw("err", "F", "stderr"), raw("b", "P"), raw("c"))).toEqual(["err", "abc"]);
  });

  test("splits a line over 10,000 bytes, never within a character", () => {
    const lines = decode(raw(`x${"ü".repeat(6000)}`, "P"), raw("ü".repeat(2000), "P"), raw("end"));
    expect(lines.map((line) => Buffer.byteLength(line))).toEqual([9_999, 6_005]);
    expect(lines.join("")).toBe(`x${"ü".repeat(8000)}end`);
  });

  test("replaces what is not UTF-8 and escapes control characters but tab", () => {
    expect(
      decode(
        Buffer.concat([Buffer.from(`${T} stdout F a`), Buffer.from([0xff, 0x1b, 0x5b, 0x09, 0x00, 0x7f, 0xc2, 0x9b]), Buffer.from("\r\n")]),
      ),
    ).toEqual(["a\ufffd\\x1b[\t\\x00\\x7f\\x9b"]);
  });

  test("passes over what is cut off at its beginning", () => {
    expect(decode("789+00:00 stdout F cut\n", "\n", "nonsense of any kind here\n", raw("whole"))).toEqual(["whole"]);
  });

  test("gives the unfinished line of a writer that is gone when asked", () => {
    const decoder = new LineDecoder();
    decoder.push(Buffer.from(raw("prompt> ", "P")));
    expect(decoder.flush().map((line) => line.text)).toEqual(["prompt> "]);
    expect(decoder.flush()).toEqual([]);
  });
});

describe("times", () => {
  test.each([
    ["2026-08-01T10:00:00.123456789+00:00", "2026-08-01T10:00:00.123456+00:00"],
    ["2026-08-01T12:00:00.123456789+02:00", "2026-08-01T10:00:00.123456+00:00"],
    ["2026-08-01T10:00:00.5Z", "2026-08-01T10:00:00.500000+00:00"],
    ["2026-08-01T04:30:00-05:30", "2026-08-01T10:00:00.000000+00:00"],
  ])("%s is shown as %s", (text, shown) => {
    expect(normalTime(text)).toBe(shown);
  });

  test("a line of ours is in the same format", () => {
    const line = formatLine(Date.UTC(2026, 7, 1, 10, 0, 0, 42), "pushboat[web.1] State changed\nforged");
    expect(line).toBe("2026-08-01T10:00:00.042000+00:00 stdout F pushboat[web.1] State changed\\x0aforged\n");
    expect(decode(line)).toHaveLength(1);
  });

  test("lines of several files come by time, those of one moment in the order they were found", () => {
    const lines = [
      { time: "2026-08-01T10:00:00.000002+00:00", text: "c" },
      { time: "2026-08-01T10:00:00.000001+00:00", text: "a" },
      { time: "2026-08-01T10:00:00.000001+00:00", text: "b" },
    ];
    expect(inOrder(lines).map((line) => line.text)).toEqual(["a", "b", "c"]);
  });
});

describe("process filter", () => {
  test.each([
    ["app[web.1]", "web", true],
    ["pushboat[web.1]", "web", true],
    ["app[web.1]", "web.1", true],
    ["app[web.10]", "web.1", false],
    ["app[web-admin.1]", "web", false],
    ["pushboat[router]", "router", true],
    ["app[release.7]", "release", true],
    ["pushboat[api]", "web", false],
    ["app[worker.1]", null, true],
  ])("%s with -p %s: %s", (source, process, shown) => {
    expect(matches({ process }, source)).toBe(shown);
  });
});

describe("files", () => {
  test("a name tells series, source and place in the rotation", () => {
    expect(parseLogFileName("web.1.blog-web-1-0a1b.log")).toEqual({
      current: "web.1.blog-web-1-0a1b.log",
      source: "app[web.1]",
      order: Infinity,
    });
    expect(parseLogFileName("my_job-x.2.blog-0.log.000012")).toEqual({
      current: "my_job-x.2.blog-0.log",
      source: "app[my_job-x.2]",
      order: 12,
    });
    expect(parseLogFileName("pushboat.log.000001")).toEqual({ current: "pushboat.log", source: null, order: 1 });
    expect(parseLogFileName("web.1.blog-0.log.tmp")).toBeNull();
  });

  test("the oldest go until the rest fits the budget; what is written to stays", () => {
    const file = (path: string, modifiedMs: number, share: number) => ({ path, modifiedMs, bytes: ENVIRONMENT_BUDGET_BYTES * share });
    const files = [file("new", 9, 0.5), file("written", 1, 0.4), file("old", 2, 0.2), file("older", 1, 0.1)];
    expect(overBudget(files, new Set(["written"]))).toEqual(["older", "old"]);
    expect(overBudget(files.slice(0, 2), new Set())).toEqual([]);
  });

  test("many small files of an app that crashes on and on are too many", () => {
    const files = Array.from({ length: 130 }, (_, at) => ({ path: String(at), modifiedMs: at, bytes: 1 }));
    expect(overBudget(files, new Set())).toHaveLength(30);
  });

  test("a file is rotated at 10 MB, earlier where many share the budget", () => {
    expect(rotationBytes(1)).toBe(10 * 1024 * 1024);
    expect(rotationBytes(10)).toBe(2.5 * 1024 * 1024);
    expect(rotationBytes(1000)).toBe(1024 * 1024);
  });
});
