import { expect, test } from "vitest";
import { type EnvironmentName, environmentFileName } from "../../../core/index.ts";

const fileName = (name: string): string => environmentFileName(name as EnvironmentName);

test("An environment is one file name, whatever its branch is called", () => {
  expect(fileName("blog")).toBe("blog");
  expect(fileName("blog@feature/x y")).toBe("blog%40feature%2Fx%20y");
});

test("A branch too long for a file name keeps its beginning and gets a hash, so that two never share a file", () => {
  const [one, other] = ["1", "2"].map((end) => fileName(`blog@${"ü".repeat(99)}${end}`));
  expect(one?.length).toBeLessThanOrEqual(200);
  expect(one).toMatch(/^blog%40(%C3%BC)+(%C3)?~[0-9a-f]{16}$/);
  expect(one).not.toBe(other);
});
