/** What the launcher refuses, and the words it does that with. Nothing is started here. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../support/command.ts";
import { freePorts } from "../../support/free-ports.ts";
import { LAUNCHER } from "../../support/platform.ts";

describe("The launcher refuses", () => {
  let directory: string;
  let dataDirectory: string;
  beforeAll(() => {
    directory = mkdtempSync("/var/tmp/pushboat-refusals-");
    dataDirectory = join(directory, "data");
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const pushboat = (...argv: string[]) => run([LAUNCHER, ...argv]);

  test.each([
    [["up", "--nope"], "unknown option: --nope"],
    [["down", "--http-port", "1"], "unknown option: --http-port"],
    [["up", "--data"], "--data needs a value"],
    [["up", "--http-port=x"], "--http-port is not a port: x"],
    [["up", "--ssh-port", "70000"], "--ssh-port is not a port: 70000"],
    [["up", "--http-port", "9000", "--ssh-port", "9000"], "two of --http-port, --https-port and --ssh-port are 9000"],
    [["up", "--bind", "everywhere"], "--bind needs an IP address"],
    [["up", "--domain", "Example Com"], "--domain needs a host name"],
  ])("%j as wrong usage", async (argv, message) => {
    const refused = await pushboat(...argv);
    expect(refused.stderr).toContain(message);
    expect(refused.code).toBe(2);
  });

  test("to work for anybody but root, and says how to call it", async () => {
    const refused = await run([
      "setpriv",
      "--reuid",
      "nobody",
      "--clear-groups",
      "bash",
      "-c",
      `cat '${LAUNCHER}' >/dev/null && '${LAUNCHER}' up --detach`,
    ]);
    if (refused.stderr.includes("Permission denied")) return expect(refused.code).not.toBe(0); // the checkout itself is root's alone
    expect(refused.stderr).toContain("only root can do this");
    expect(refused.stderr).toMatch(/Type: sudo .*pushboat up --detach/);
    expect(refused.code).toBe(1);
  });

  test("a directory that holds something else", async () => {
    const foreign = join(directory, "foreign");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "diary.txt"), "");
    const refused = await pushboat("up", "--detach", "--data", foreign);
    expect(refused.stderr).toContain(`${foreign} is not empty and not a data directory of Pushboat`);
    expect(refused.code).toBe(1);
  });

  test("a file without a public key as --admin-key", async () => {
    const file = join(directory, "not-a-key");
    writeFileSync(file, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    const refused = await pushboat("up", "--detach", "--data", dataDirectory, "--admin-key", file);
    expect(refused.stderr).toContain("holds no SSH public key");
    expect(refused.code).toBe(1);
    expect(existsSync(dataDirectory)).toBe(false);
  });

  describe("a port that somebody listens on", () => {
    let holder: Server;
    let taken: number;
    beforeAll(async () => {
      holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
      taken = (holder.address() as { port: number }).port;
    });
    afterAll(() => {
      holder.close();
    });

    test.each([
      ["--http-port", "--ssh-port"],
      ["--ssh-port", "--http-port"],
    ])("given with %s, and names who it is", async (option, other) => {
      const [free] = await freePorts(1);
      const refused = await pushboat("up", "--detach", "--data", dataDirectory, option, String(taken), other, String(free));
      expect(refused.stderr).toContain(`port ${taken} is in use (by `);
      expect(refused.stderr).toContain(`process ${process.pid}`);
      expect(refused.stderr).toContain(`choose another port: ${option} PORT`);
      expect(refused.code).toBe(1);
    });
  });

  test("an unknown command, where no platform runs, with the way to one", async () => {
    const refused = await pushboat("no-such-command", "--data", join(directory, "nowhere"));
    expect(refused.stderr).toContain("pushboat up");
    expect(refused.code).toBe(1);
  });
});

test("help works without a platform, for everybody", async () => {
  for (const argv of [["help"], ["--help"], []]) {
    const help = await run([LAUNCHER, ...argv]);
    expect(help.stdout).toContain("Usage: ./pushboat COMMAND");
    expect(help.code).toBe(0);
  }
});
