import { describe, expect, test } from "vitest";
import { judgeMemory, type Promised } from "../../../control/promises.ts";

const GB = 1024 ** 3;
const promised = (name: string, gigabytes: number): Promised => ({
  name: name as Promised["name"],
  branch: (name.split("@")[1] ?? null) as Promised["branch"],
  bytes: gigabytes * GB,
});

describe("memory that is promised", () => {
  test("may be all that the machine has", () => {
    expect(judgeMemory(promised("blog", 2), [promised("shop", 2)], 4 * GB)).toBeNull();
  });

  test("is not more than that: the error says what is promised to whom, largest first", () => {
    const refusal = judgeMemory(promised("blog", 2), [promised("wiki", 0.5), promised("shop", 2), promised("idle", 0)], 4 * GB);
    expect(refusal).toMatchObject({
      code: "scale/memory",
      message: "blog would be promised 2 GB: with the others' that is 4.5 GB for instances on this machine, which has 4 GB",
    });
    expect(refusal?.hint).toMatch(/^Promised now:\n {2}shop: 2 GB\n {2}wiki: 512 MB\nAsk for less .*--force/);
  });

  test("goes to branches up to their part only, whatever production leaves", () => {
    const others = [promised("blog", 0.5), promised("blog@a", 2)];
    expect(judgeMemory(promised("blog@b", 1), others, 8 * GB)).toBeNull();
    expect(judgeMemory(promised("blog@b", 3), others, 8 * GB)?.message).toBe(
      "blog@b would be promised 3 GB: with the others' that is 5 GB for branch environments, which may have 4.8 GB of this machine together",
    );
  });

  test("to many is told shortly", () => {
    const others = Array.from({ length: 20 }, (_, place) => promised(`app${place}`, 1));
    expect(judgeMemory(promised("blog", 1), others, 4 * GB)?.hint).toContain("and 12 more: 12 GB");
  });
});
