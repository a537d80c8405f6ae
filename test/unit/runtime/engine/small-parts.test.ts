import { describe, expect, test } from "vitest";
import { createLineSplitter } from "../../../../runtime/engine/container/lines.ts";
import { skeletonEntries } from "../../../../runtime/engine/container/skeleton.ts";
import { openFilesIn } from "../../../../runtime/engine/host-limits.ts";
import { field } from "../../../../runtime/engine/kernel/cgroup.ts";
import { encodeRequest } from "../../../../runtime/engine/kernel/helper.ts";
import { mountPointsIn } from "../../../../runtime/engine/kernel/mounts.ts";

describe("lines", () => {
  const linesOf = (...chunks: readonly (string | Buffer)[]): string[] => {
    const lines: string[] = [];
    const splitter = createLineSplitter((line) => lines.push(line));
    for (const chunk of chunks) splitter.push(Buffer.from(chunk));
    splitter.end();
    return lines;
  };

  test("are whole however they arrive, the last one also without a newline", () => {
    expect(linesOf("on", "e\ntw", "o\r\n\nlast")).toEqual(["one", "two", "", "last"]);
    expect(linesOf("one\n")).toEqual(["one"]);
    expect(linesOf()).toEqual([]);
  });

  test("over 10,000 bytes are split, never within a character", () => {
    expect(linesOf(`${"x".repeat(25_000)}\n`).map((line) => line.length)).toEqual([10_000, 10_000, 5_000]);
    const text = "€".repeat(7_000);
    const parts = linesOf(`${text}\n`);
    expect(parts.join("")).toBe(text);
    expect(parts.length).toBe(3);
    expect(linesOf("y".repeat(10_000), "\nz\n").map((line) => line.length)).toEqual([10_000, 1]);
  });

  test("split within a character by the network are put together again", () => {
    const bytes = Buffer.from("ü\n");
    expect(linesOf(bytes.subarray(0, 1), bytes.subarray(1))).toEqual(["ü"]);
  });
});

test("mount points are made with their parents, parents first, files last", () => {
  const entries = skeletonEntries([
    { target: "/etc/hosts", kind: "file" },
    { target: "/a/b", kind: "directory" },
  ]);
  expect(entries.map(({ target }) => target)).toEqual(["/proc", "/dev", "/sys", "/run", "/tmp", "/etc", "/a", "/a/b", "/etc/hosts"]);
});

test("requests to the helper are one line, whatever is in a path", () => {
  expect(encodeRequest(7, "bind", ["1000", "/a b/50%\tx\ny"])).toBe("7\tbind\t1000\t/a b/50%25%09x%0Ay\n");
});

test("mount points are the fifth field of mountinfo", () => {
  expect(mountPointsIn("36 35 98:0 / /mnt rw - ext4 /dev/x rw\n37 36 0:1 /a /run/x rw - tmpfs t rw\n")).toEqual(["/mnt", "/run/x"]);
});

test("numbers are read out of cgroup files, 0 where there are none", () => {
  expect(field("inactive_file 5\ntotal_inactive_file 4096\n", "total_inactive_file")).toBe(4096);
  expect(field("low 0\noom_kill 2\n", "oom_kill")).toBe(2);
  expect(field(null, "oom_kill")).toBe(0);
  expect(field("", "oom_kill")).toBe(0);
});

test("the limit of open files is the hard one", () => {
  expect(openFilesIn("Max processes 1 2 processes\nMax open files            1024                 20000                files     \n")).toBe(
    20_000,
  );
  expect(openFilesIn("Max open files unlimited unlimited files\n")).toBe(1_048_576);
});
