import { describe, expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../../cli/index.ts";
import { call } from "./call.ts";
import { commandsPage } from "./commands-page.ts";

const COMMANDS = COMMAND_GROUPS.flatMap(({ commands }) => commands);

describe("help", () => {
  it("is what nothing typed prints", async () => {
    const nothing = await call([]);
    expect(nothing.exitCode).toBe(0);
    expect(nothing.stdout).toMatchSnapshot();
    expect((await call(["help"])).stdout).toBe(nothing.stdout);
    expect((await call(["--help"])).stdout).toBe(nothing.stdout);
    expect((await call(["-a", "blog"])).stdout).toBe(nothing.stdout);
  });

  it("stands in docs/commands.md, command by command", async () => {
    await expect(commandsPage(COMMAND_GROUPS)).toMatchFileSnapshot("../../../docs/commands.md");
  });

  it.each(COMMANDS.map(({ name }) => [name]))("of %s is the same by --help, -h and `help`", async (name) => {
    const long = await call([name, "--help"]);
    expect(long.exitCode).toBe(0);
    expect(long.stdout).toContain(`Usage: ${name}`);
    expect(long.asked).toEqual([]);
    for (const argv of [
      [name, "-h"],
      ["help", name],
    ]) {
      expect((await call(argv)).stdout).toBe(long.stdout);
    }
  });

  it("of a command that is not there suggests the nearest", async () => {
    expect((await call(["help", "confg:set"])).stderr).toContain("Did you mean config:set?");
  });
});

describe("names of commands", () => {
  it("are unique with all their aliases", () => {
    const names = COMMANDS.flatMap((command) => [command.name, ...(command.aliases ?? [])]);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });
});
