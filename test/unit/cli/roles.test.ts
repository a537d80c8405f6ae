import { expect, test } from "vitest";
import { COMMAND_GROUPS } from "../../../cli/index.ts";
import { COMMAND_ROLES, roleOf } from "../../../cli/roles.ts";
import { type AppName, type Identity, missingPermission } from "../../../core/index.ts";

const commands = COMMAND_GROUPS.flatMap((group) => group.commands);

test("every command has a row in the table of roles, and every row a command", () => {
  expect(Object.keys(COMMAND_ROLES).sort()).toEqual(commands.map(({ name }) => name).sort());
});

test("a command that is not in the table is for administrators", () => {
  expect(roleOf("something:new")).toBe("admin");
});

test.each(["read", "deploy", "admin"] as const)("what the role %s may do", (role) => {
  const identity: Identity = { name: "x", via: "ssh", role, from: "-" };
  const allowed = commands.filter(
    ({ name }) => missingPermission(identity, roleOf(name), { kind: "app", app: "blog" as AppName }) === null,
  );
  expect(allowed.map(({ name }) => name)).toMatchSnapshot();
});
