import { expect, test } from "vitest";
import { diskWarning } from "../../../builder/disk.ts";

test("a disk that is 80 % full is warned about", () => {
  expect(diskWarning(20.1, 5)).toBeNull();
  expect(diskWarning(20, 5)).toBe("The server's disk is 80 % full; from 95 % on nothing is built (`disk` shows what takes the place)");
});
