import { expect, test } from "vitest";
import { environmentReason } from "../../../control/environment-reason.ts";
import { givenInstance } from "../runtime/given.ts";

test("an environment says of its instances what is not well, the first three of them", () => {
  expect(environmentReason([givenInstance("web.1")])).toBeNull();
  const crashed = (name: string, restarts: number) => givenInstance(name, "crashed", { reason: "exited with code 3", restarts });
  expect(environmentReason([givenInstance("web.1"), crashed("web.2", 6)])).toBe("web.2 exited with code 3, 6 restarts");
  const all = ["web.1", "web.2", "web.3", "web.4", "web.5"].map((name) => crashed(name, 0));
  expect(environmentReason(all)).toBe("web.1 exited with code 3; web.2 exited with code 3; web.3 exited with code 3; and 2 more");
});
