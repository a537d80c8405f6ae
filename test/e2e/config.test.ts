/** Config over SSH: each change is one release of its own and restarts the app with exactly these values. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/command.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("config", () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "2000" } });
    app = await platform.givenApp(tinyApp("configured"), { app: "blog" });
    await platform.ssh("apps:create blog");
    expect((await platform.ssh("config:set blog EARLY=before-the-first-push")).code).toBe(0);
    await app.mustPush();
  });
  afterAll(() => platform?.stop());

  it("has what was set before the first push", async () => {
    await platform.expectHost(app.host).toAnswer("before-the-first-push", { path: "/env/EARLY" });
  });

  it("makes one release of a change of several keys and prints them", async () => {
    const before = await latest(platform);
    const changed = await platform.ssh("config:set blog ONE=1 TWO=2");
    expect(changed.code).toBe(0);
    expect(changed.output).toMatch(new RegExp(`Setting ONE, TWO and restarting blog... done, v${before + 1}`));
    expect(changed.stdout).toMatch(/ONE:\s+1/);
    await platform.expectHost(app.host).toAnswer("2", { path: "/env/TWO" });
    expect((await platform.ssh("releases blog")).stdout).toContain("Set ONE, TWO config vars");
  });

  it.each([
    ["spaces", "hello big world"],
    ["a newline", "first\nsecond"],
    ["quotes and dollars", `it's "here" and $HOME \\ done`],
    ["unicode", "Grüße 🚢"],
    ["nothing at all", ""],
    ["an equals sign", "a=b=c"],
  ])("keeps a value with %s exactly", async (_, value) => {
    const quoted = `'ODD=${value.replaceAll("'", `'\\''`)}'`;
    const changed = await platform.ssh(`config:set blog ${quoted}`);
    expect([changed.code, changed.stderr]).toEqual([0, expect.any(String)]);
    expect((await platform.http(app.host, "/env/ODD")).body).toBe(value);
    expect((await platform.ssh("config:get blog ODD")).stdout).toBe(`${value}\n`);
  });

  it("takes a .env file on standard input as one change", async () => {
    const before = await latest(platform);
    const stdin = ["# comment", "FROM_FILE=plain", 'QUOTED="with spaces"', "export EXPORTED=yes", ""].join("\n");
    const imported = await platform.ssh("config:import blog", { stdin });
    expect(imported.code).toBe(0);
    expect(await latest(platform)).toBe(before + 1);
    expect((await platform.http(app.host, "/env/QUOTED")).body).toBe("with spaces");
    expect((await platform.http(app.host, "/env/EXPORTED")).body).toBe("yes");
  });

  it("unsets a key", async () => {
    await platform.ssh("config:set blog GONE=soon");
    expect((await platform.ssh("config:unset blog GONE")).code).toBe(0);
    expect((await platform.http(app.host, "/env/GONE")).status).toBe(404);
  });

  it("survives a code push", async () => {
    await platform.ssh("config:set blog KEPT=yes");
    app.write("text.js", 'module.exports = "pushed again";\n');
    await app.mustPush();
    await platform.expectHost(app.host).toAnswer("pushed again");
    expect((await platform.http(app.host, "/env/KEPT")).body).toBe("yes");
  });

  it.each(["9LIVES=1", "A-B=1", "=1", "NOEQUALS"])("refuses %s as wrong usage and changes nothing", async (pair) => {
    const before = await latest(platform);
    const refused = await platform.ssh(`config:set blog '${pair}'`);
    expect(refused.code).toBe(2);
    expect(await latest(platform)).toBe(before);
  });

  it("is not readable in the state store", async () => {
    await platform.ssh("config:set blog SECRET=correct-horse-battery-staple");
    const found = await run(["grep", "-rlaF", "correct-horse-battery-staple", platform.dataDirectory, "--exclude-dir=layers"]);
    expect(found.stdout).toBe("");
  });
});

async function latest(platform: Platform): Promise<number> {
  const listed = await platform.ssh("releases blog");
  return Number(/^v(\d+)/m.exec(listed.stdout)?.[1] ?? 0);
}
