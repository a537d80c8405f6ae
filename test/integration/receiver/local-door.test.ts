import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import type { CommandHandler } from "../../../core/index.ts";
import { type CommandOptions, run } from "../../support/command.ts";
import { type GivenReceiver, givenReceiver } from "./given-receiver.ts";
import { handshake } from "./handshake.ts";

const LOCAL_CLIENT = join(import.meta.dirname, "../../../receiver/local-client.ts");

let given: GivenReceiver;
afterEach(() => given.stop());

/** The receiver's real place, so that the client finds it by its data directory. */
async function start(commands?: CommandHandler): Promise<void> {
  given = await givenReceiver({ inRun: true, ...(commands === undefined ? {} : { commands }) });
}

const pushboat = (argv: readonly string[], options: CommandOptions = {}) =>
  run([process.execPath, LOCAL_CLIENT, "--data", given.settings.dataDirectory, ...argv], { cwd: "/", timeoutMs: 20_000, ...options });

describe("the local door", () => {
  test("takes commands as root@server", async () => {
    await start();
    const { stdout, code } = await pushboat(["config:set", "blog", "A=two words", ""]);
    expect(JSON.parse(stdout)).toEqual({
      argv: ["config:set", "blog", "A=two words", ""],
      identity: { name: "root@server", via: "local", role: "admin", from: "local" },
      terminal: null,
    });
    expect(code).toBe(0);
  });

  test("is open to root only", async () => {
    await start();
    expect(statSync(dirname(given.adminSocket)).mode & 0o777).toBe(0o700);
    expect(statSync(given.adminSocket).mode & 0o777).toBe(0o600);
  });

  test("passes stdin to its end, keeps stdout and stderr apart and gives the exit code", async () => {
    await start(async ({ stdin, stdout, stderr }) => {
      const input = await text(stdin);
      stdout.write(`${input.length}\n`);
      stderr.write("progress\n");
      return 42;
    });
    expect(await pushboat(["keys:add"], { stdin: "x".repeat(3_000_000) })).toMatchObject({
      code: 42,
      stdout: "3000000\n",
      stderr: "progress\n",
    });
  });

  test("passes 30 MB of output whole to a reader that is slow", async () => {
    await start(async ({ stdout }) => {
      for (let i = 0; i < 300; i += 1) stdout.write("x".repeat(100_000));
      return 0;
    });
    const client = spawn(
      "sh",
      ["-c", `"${process.execPath}" "${LOCAL_CLIENT}" --data "${given.settings.dataDirectory}" logs | (sleep 0.5; wc -c)`],
      { cwd: "/" },
    );
    expect((await text(client.stdout)).trim()).toBe("30000000");
  });

  test("passes Ctrl-C as a signal where there is no terminal", async () => {
    const ready = handshake();
    await start(async ({ onSignal, stdout }) => {
      const name = await new Promise<string>((resolve) => {
        onSignal(resolve);
        ready.give();
      });
      stdout.write(name);
      return 130;
    });
    const client = spawn(process.execPath, [LOCAL_CLIENT, "--data", given.settings.dataDirectory, "logs", "-t"], { cwd: "/" });
    await ready.done;
    client.kill("SIGINT");
    expect(await text(client.stdout)).toBe("INT");
    expect(client.exitCode ?? (await once(client, "close"))[0]).toBe(130);
  });

  test("has the client's terminal: type, size, keys as they are", async () => {
    await start(async ({ terminal, stdin, stdout }) => {
      stdout.write("press a key");
      const [keys] = (await once(stdin, "data")) as [Buffer];
      stdout.write(JSON.stringify({ type: terminal?.type, size: terminal?.size(), keys: keys.toString("latin1") }));
      return 0;
    });
    const line = `stty cols 91 rows 33; TERM=vt220 "${process.execPath}" "${LOCAL_CLIENT}" --data "${given.settings.dataDirectory}" run blog sh`;
    const session = spawn("script", ["-qec", line, "/dev/null"], { cwd: "/" });
    let seen = "";
    session.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      seen += chunk;
      if (seen.endsWith("press a key")) session.stdin.write("\u0003");
    });
    await once(session, "close");
    expect(seen).toContain('{"type":"vt220","size":{"columns":91,"rows":33},"keys":"\\u0003"}');
  });

  test("tells the command when its client goes", async () => {
    const began = handshake();
    const told = handshake();
    await start(async ({ disconnected }) => {
      disconnected.addEventListener("abort", told.give);
      began.give();
      await told.done;
      return 0;
    });
    const client = spawn(process.execPath, [LOCAL_CLIENT, "--data", given.settings.dataDirectory, "logs", "-t"], { cwd: "/" });
    await began.done;
    client.kill("SIGKILL");
    await told.done;
  });

  test("answers a failing handler with its error", async () => {
    await start(async () => {
      throw new Error("broken inside");
    });
    expect(await pushboat(["ps"])).toMatchObject({ code: 1, stderr: " !     broken inside  [platform/unexpected]\n" });
  });

  test("hangs up on garbage and lives on", async () => {
    await start();
    const socket = connect(given.adminSocket);
    socket.on("error", () => {});
    socket.write(Buffer.alloc(100, 0xff));
    await once(socket.resume(), "close");
    expect((await pushboat(["ps"])).code).toBe(0);
  });
});

describe("the local client", () => {
  test("says what to do where no platform answers", async () => {
    await start();
    const nobody = await run([process.execPath, LOCAL_CLIENT, "--data", join(given.directory, "nothing"), "ps"], { cwd: "/" });
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toContain("does not answer (ENOENT)");
    expect(nobody.stderr).toContain("sudo ./pushboat up");
  });

  test("in a working copy goes over SSH to the remote pushboat, with its app", async () => {
    await start();
    const directory = join(given.directory, "work");
    mkdirSync(directory);
    await given.client.git(["init", "-q"], { cwd: directory });
    await given.client.git(["remote", "add", "pushboat", given.remote("blog")], { cwd: directory });
    // The real ssh, told by its wrapper which key it has and that it may trust the host.
    const bin = join(given.directory, "bin");
    mkdirSync(bin);
    const [, ...sshOptions] = given.client.sshCommand.split(" ");
    await run(["sh", "-c", `printf '#!/bin/sh\\nexec /usr/bin/ssh ${sshOptions.join(" ")} "$@"\\n' > ${bin}/ssh && chmod +x ${bin}/ssh`]);
    const env = { ...given.client.environment, PATH: `${bin}:${process.env["PATH"]}` };
    const answered = await run([process.execPath, LOCAL_CLIENT, "config:set", "A=two words"], { cwd: directory, env });
    expect(answered.stderr).toBe("");
    expect(JSON.parse(answered.stdout)).toMatchObject({
      argv: ["config:set", "-a", "blog", "A=two words"],
      identity: { name: "alice", via: "ssh" },
    });
  });

  test("in a working copy with an HTTP remote says that commands go over SSH", async () => {
    await start();
    const directory = join(given.directory, "work");
    mkdirSync(directory);
    await given.client.git(["init", "-q"], { cwd: directory });
    await given.client.git(["remote", "add", "pushboat", "http://127.0.0.1:8080/git/blog.git"], { cwd: directory });
    const answered = await run([process.execPath, LOCAL_CLIENT, "ps"], { cwd: directory, env: given.client.environment });
    expect(answered.code).toBe(1);
    expect(answered.stderr).toContain("commands go over SSH");
    expect(answered.stderr).toContain("git remote set-url pushboat ssh://");
  });
});
