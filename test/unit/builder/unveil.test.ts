import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { unveilNewDirectories } from "../../../builder/unveil.ts";

const directory = mkdtempSync(join(tmpdir(), "pushboat-unveil-"));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a layer's directories that the base does not have", () => {
  it("are made again, with what is in them, their mode and their time; those of the base are left", () => {
    const [layer, base] = [join(directory, "layer"), join(directory, "base")];
    mkdirSync(join(base, "usr"), { recursive: true });
    mkdirSync(join(layer, "usr/include/bits"), { recursive: true });
    writeFileSync(join(layer, "usr/include/bits/stdio.h"), "x");
    symlinkSync("include", join(layer, "usr/link"));
    utimesSync(join(layer, "usr/include"), 1000, 1000);
    const inode = (path: string): number => statSync(join(layer, path)).ino;
    const before = { usr: inode("usr"), include: inode("usr/include"), file: inode("usr/include/bits/stdio.h") };
    unveilNewDirectories(layer, base);
    expect(inode("usr")).toBe(before.usr);
    expect(inode("usr/include")).not.toBe(before.include);
    expect(inode("usr/include/bits/stdio.h")).toBe(before.file);
    expect(readdirSync(join(layer, "usr")).toSorted()).toEqual(["include", "link"]);
    expect(statSync(join(layer, "usr/include")).mtimeMs).toBe(1_000_000);
  });
});
