import { spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ConnectConfig } from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import type { CommandHandler, CommandRequest } from "../../../core/index.ts";
import { ssh2 } from "../../../receiver/fenced/ssh2.ts";
import { run } from "../../support/command.ts";
import { eventually } from "../../support/eventually.ts";
import { BLOG, type GivenOptions, type GivenReceiver, givenReceiver } from "./given-receiver.ts";
import { handshake } from "./handshake.ts";
import { gitProcesses } from "./processes.ts";

let given: GivenReceiver;
afterEach(() => given.stop());

const start = async (options: GivenOptions = {}): Promise<void> => {
  given = await givenReceiver(options);
};
const startWith = (commands: CommandHandler): Promise<void> => start({ commands });
const ssh = (command: string, options: { sshOptions?: readonly string[]; stdin?: string | Buffer; user?: string } = {}) =>
  given.client.ssh(given.sshPort, command, options);

/** A client that goes further than ssh(1) does. */
async function loggedIn(): Promise<InstanceType<typeof ssh2.Client>> {
  const client = new ssh2.Client();
  const ready = once(client, "ready");
  client.on("error", () => {});
  client.connect({
    host: "127.0.0.1",
    port: given.sshPort,
    username: "pushboat",
    privateKey: readFileSync(join(given.client.home, "id_ed25519")),
  });
  await ready;
  return client;
}

/** How a log-in ends. */
function outcomeOf(config: ConnectConfig): Promise<string> {
  const client = new ssh2.Client();
  return new Promise((resolve) => {
    client.on("ready", () => resolve("logged in")).on("error", (error) => resolve(error.message));
    client.connect({ host: "127.0.0.1", port: given.sshPort, username: "pushboat", ...config });
  }).finally(() => client.end()) as Promise<string>;
}

describe("a command over SSH", () => {
  test("is split by POSIX quoting without any expansion, and says who asks", async () => {
    await start();
    const { stdout, code } = await ssh(`config:set blog 'A=two words' "B=\\"$HOME\\"" C=\\* 'D=a;b|c' ""`);
    expect(JSON.parse(stdout)).toEqual({
      argv: ["config:set", "blog", "A=two words", 'B="$HOME"', "C=*", "D=a;b|c", ""],
      identity: { name: "alice", via: "ssh", role: "admin", from: "127.0.0.1" },
      terminal: null,
    });
    expect(code).toBe(0);
  });

  test("of nothing is an empty command line, which the handler answers with help", async () => {
    await start();
    expect(JSON.parse((await ssh("")).stdout).argv).toEqual([]);
  });

  test("of 10,000 arguments arrives whole", async () => {
    await start();
    const words = Array.from({ length: 10_000 }, (_, i) => `word-${i}`);
    expect(JSON.parse((await ssh(words.join(" "))).stdout).argv).toEqual(words);
  });

  test("over 128 kB is refused in words", async () => {
    await start();
    // Linux starts no program with one argument over 128 kB; ssh joins its arguments.
    const target = [...given.client.sshCommand.split(" "), "-p", String(given.sshPort), "pushboat@127.0.0.1"] as unknown as [
      string,
      ...string[],
    ];
    const { stderr, code } = await run([...target, "x".repeat(100_000), "y".repeat(100_000)], {
      env: given.client.environment,
      timeoutMs: 10_000,
    });
    expect(stderr).toContain(" !     The command line is longer than 128 kB  [command/too-long]");
    expect(code).toBe(2);
  });

  test("with a quote that is never closed is refused in words", async () => {
    await start();
    const { stderr, code } = await ssh("config:set blog 'A=1");
    expect(stderr).toContain("a single quote that is never closed  [command/quoting]");
    expect(code).toBe(2);
  });

  test("of garbage bytes reaches the handler as words", async () => {
    await start();
    expect((await ssh("\u0001\u0002 \u00ff")).code).toBe(0);
  });

  test.each([0, 1, 2, 42, 255])("ends with the handler's exit code %i", async (code) => {
    await startWith(async () => code);
    expect((await ssh("anything")).code).toBe(code);
  });

  test("keeps stdout and stderr apart", async () => {
    await startWith(async ({ stdout, stderr }) => {
      stdout.write("result\n");
      stderr.write("progress\n");
      return 0;
    });
    expect(await ssh("anything")).toMatchObject({ stdout: "result\n", stderr: "progress\n" });
  });

  test("gets what is piped in, to its end", async () => {
    await startWith(async ({ stdin, stdout }) => {
      stdout.write(`${(await text(stdin)).length}`);
      return 0;
    });
    expect((await ssh("keys:add", { stdin: "x".repeat(300_000) })).stdout).toBe("300000");
  });

  test("that throws is an error in words and exit code 1", async () => {
    await startWith(async () => {
      throw new Error("broken inside");
    });
    expect(await ssh("anything")).toMatchObject({ code: 1, stderr: " !     broken inside  [platform/unexpected]\n" });
  });

  test("writes 20 MB on both streams to a reader that is slow: every byte once, in order, then the exit code", async () => {
    const half = randomBytes(10_000_000).toString("base64");
    await startWith(async ({ stdout, stderr }) => {
      for (let at = 0; at < half.length; at += 100_000) {
        stdout.write(half.slice(at, at + 100_000));
        stderr.write(half.slice(at, at + 100_000));
      }
      return 7;
    });
    const client = await loggedIn();
    const result = await new Promise<{ out: string; err: string; code: number }>((resolve, reject) => {
      client.exec("anything", (error, channel) => {
        if (error) return reject(error);
        const seen = { out: [] as string[], err: [] as string[] };
        let code = -1;
        channel.on("exit", (status: number) => {
          code = status;
        });
        channel.setEncoding("latin1");
        channel.stderr.setEncoding("latin1");
        // Reads nothing for a while, so that both streams wait for window.
        setTimeout(() => {
          channel.on("data", (chunk: string) => seen.out.push(chunk));
          channel.stderr.on("data", (chunk: string) => seen.err.push(chunk));
        }, 300);
        channel.on("close", () => resolve({ out: seen.out.join(""), err: seen.err.join(""), code }));
      });
    });
    client.end();
    expect(result.code).toBe(7);
    expect(result.out === half).toBe(true);
    expect(result.err === half).toBe(true);
  });

  test("is told when its client goes", async () => {
    const began = handshake();
    const told = handshake();
    await startWith(async ({ disconnected }) => {
      began.give();
      disconnected.addEventListener("abort", told.give);
      await told.done;
      return 0;
    });
    const abandoned = run(
      ["timeout", "-s", "KILL", "1", ...given.client.sshCommand.split(" "), "-p", String(given.sshPort), "pushboat@127.0.0.1", "logs -t"],
      {
        env: given.client.environment,
      },
    );
    await began.done;
    await told.done;
    await abandoned;
  });
});

describe("a terminal", () => {
  test("comes with its type and size, and bytes pass as they are", async () => {
    await startWith(async ({ terminal, stdin, stdout }) => {
      stdout.write("press a key");
      const [keys] = (await once(stdin, "data")) as [Buffer];
      stdout.write(JSON.stringify({ type: terminal?.type, size: terminal?.size(), keys: keys.toString("latin1") }));
      return 0;
    });
    const line = `stty cols 91 rows 33; TERM=vt220 ${given.client.sshCommand} -tt -p ${given.sshPort} pushboat@127.0.0.1 run`;
    const session = spawn("script", ["-qec", line, "/dev/null"], { env: given.client.environment });
    let seen = "";
    session.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      seen += chunk;
      if (seen.endsWith("press a key")) session.stdin.write("\u0003");
    });
    await once(session, "close");
    expect(seen).toContain('{"type":"vt220","size":{"columns":91,"rows":33},"keys":"\\u0003"}');
  });

  test("that changes its size says so, and signals arrive by name", async () => {
    const ready = handshake();
    const seen: unknown[] = [];
    await startWith(async ({ terminal, onSignal }: CommandRequest) => {
      const resized = new Promise<void>((resolve) => terminal?.onResize((size) => resolve(void seen.push(size))));
      const signalled = new Promise<void>((resolve) => onSignal((name) => resolve(void seen.push(name))));
      ready.give();
      await resized;
      await signalled;
      return 0;
    });
    const client = await loggedIn();
    await new Promise<void>((resolve, reject) => {
      client.exec("run", { pty: { term: "xterm", cols: 80, rows: 24 } }, (error, channel) => {
        if (error) return reject(error);
        channel.resume().on("close", resolve);
        void ready.done.then(() => {
          channel.setWindow(40, 120, 0, 0);
          channel.signal("TERM");
        });
      });
    });
    client.end();
    expect(seen).toEqual([{ columns: 120, rows: 40 }, "TERM"]);
  });
});

describe("what is refused", () => {
  test.each([
    ["a subsystem", ["-s"], "sftp", /subsystem request failed/],
    ["a port forwarding to here", ["-W", "127.0.0.1:22"], "", /administratively prohibited|forwarding failed/],
    ["a port forwarding from here", ["-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22"], "help", /forwarding failed/],
  ])("%s", async (_what, sshOptions, command, message) => {
    await start();
    const refused = await ssh(command, { sshOptions: ["-o", "LogLevel=INFO", ...sshOptions] });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(message);
  });

  test("agent and X11 forwarding: the command runs without", async () => {
    await start();
    const client = await loggedIn();
    const refused = await new Promise<Error | undefined>((resolve) => client.exec("help", { x11: true }, (error) => resolve(error)));
    client.end();
    expect(refused?.message).toMatch(/X11/);
  });

  test("another user, with a line that says which", async () => {
    await start();
    const talkative = given.client.sshCommand.replace("LogLevel=ERROR", "LogLevel=INFO").split(" ") as [string, ...string[]];
    const refused = await run([...talkative, "-p", String(given.sshPort), "root@127.0.0.1", "help"], { env: given.client.environment });
    expect(refused.stderr).toContain('This is Pushboat: log in as pushboat@HOST, not as "root"');
    expect(refused.stderr).toContain("Permission denied (publickey)");
    expect(refused.code).toBe(255);
  });

  test("a key that is not known", async () => {
    await start({ credentials: { byKeyFingerprint: async () => null, byToken: async () => null, onKeyRevoked: () => () => undefined } });
    const refused = await ssh("help");
    expect(refused.stderr).toContain("Permission denied (publickey)");
  });

  test("a password", async () => {
    await start();
    expect(await outcomeOf({ password: "secret" })).toContain("All configured authentication methods failed");
  });
});

describe("an identity", () => {
  test("is not bound by a signature that another key made", async () => {
    await start();
    const known = ssh2.utils.parseKey(given.client.publicKey);
    if (known instanceof Error) throw known;
    const stranger = generateKeyPairSync("ed25519").privateKey;
    const signatures: number[] = [];
    // An agent that offers alice's public key and signs with another one.
    class LyingAgent extends ssh2.BaseAgent {
      override getIdentities(done: (error: Error | undefined, keys?: never[]) => void): void {
        done(undefined, [known] as never[]);
      }
      override sign(_key: unknown, data: Buffer, options: unknown, done?: (error: Error | undefined, signature?: Buffer) => void): void {
        const answer = (typeof options === "function" ? options : done) as (error: Error | undefined, signature?: Buffer) => void;
        signatures.push(data.length);
        answer(undefined, sign(null, data, stranger));
      }
    }
    expect(await outcomeOf({ agent: new LyingAgent() as never })).toContain("All configured authentication methods failed");
    expect(signatures).toHaveLength(1);
  });

  test.each(["rsa", "ecdsa"])("is bound to an %s key too", async (type) => {
    await start({
      credentials: {
        byKeyFingerprint: async (name, from) => ({ name, from, via: "ssh", role: "admin" }),
        byToken: async () => null,
        onKeyRevoked: () => () => undefined,
      },
    });
    const file = join(given.directory, `id_${type}`);
    await run(["ssh-keygen", "-q", "-t", type, "-N", "", "-f", file]);
    const answered = await run(
      [
        "ssh",
        "-F",
        "/dev/null",
        "-i",
        file,
        ...given.client.sshCommand.split(" ").slice(5),
        "-p",
        String(given.sshPort),
        "pushboat@127.0.0.1",
        "help",
      ],
      {
        env: given.client.environment,
      },
    );
    const listed = await run(["ssh-keygen", "-l", "-f", `${file}.pub`]);
    expect(JSON.parse(answered.stdout).identity.name).toBe(listed.stdout.split(" ")[1]);
  });

  test("is found though the client offers five other keys first", async () => {
    await start();
    const files = await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        const file = join(given.directory, `other_${i}`);
        await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file]);
        return file;
      }),
    );
    const others = files.flatMap((file) => ["-i", file]);
    const answered = await run(
      [
        "ssh",
        "-F",
        "/dev/null",
        ...others,
        ...given.client.sshCommand.split(" ").slice(3),
        "-p",
        String(given.sshPort),
        "pushboat@127.0.0.1",
        "help",
      ],
      {
        env: given.client.environment,
      },
    );
    expect(answered.code).toBe(0);
  });
});

describe("the host key", () => {
  test("is made once, readable by root only, and kept over a restart", async () => {
    await start();
    const file = join(given.settings.dataDirectory, "ssh", "host_ed25519");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, "utf8");
    // accept-new in known_hosts by port: the port changes, so the keys themselves are compared.
    const first = await run(["ssh-keyscan", "-t", "ed25519", "-p", String(given.sshPort), "127.0.0.1"]);
    await given.restart();
    const second = await run(["ssh-keyscan", "-t", "ed25519", "-p", String(given.sshPort), "127.0.0.1"]);
    const key = (scan: string): string => scan.split(" ").slice(1).join(" ");
    expect(key(first.stdout)).toContain("ssh-ed25519 ");
    expect(key(second.stdout)).toBe(key(first.stdout));
    expect(readFileSync(file, "utf8")).toBe(before);
  });
});

describe("the environment of git", () => {
  test("gets GIT_PROTOCOL from the client and nothing else, and nothing of ours", async () => {
    process.env["GIT_DIR"] = "/nowhere";
    process.env["PUSHBOAT_SECRET_OF_TEST"] = "secret";
    try {
      await start();
      await given.repositories.ensure(BLOG);
      const client = await loggedIn();
      const env = { GIT_PROTOCOL: "version=2", LD_PRELOAD: "/tmp/evil.so", GIT_SSH_COMMAND: "evil", PATH: "/tmp/evil" };
      client.exec("git-upload-pack 'blog'", { env }, () => {});
      const child = await eventually("git runs", async () =>
        gitProcesses(given.directory).find(({ commandLine }) => commandLine.includes("upload-pack")),
      );
      client.end();
      expect(child.environment.get("GIT_PROTOCOL")).toBe("version=2");
      expect(child.environment.get("PATH")).not.toContain("evil");
      const names = [...child.environment.keys()].filter((name) => name !== "" && !/^GIT_CONFIG_(KEY|VALUE)_\d+$/.test(name));
      expect(names.sort()).toEqual(
        [
          "GIT_CONFIG_COUNT",
          "GIT_CONFIG_GLOBAL",
          "GIT_CONFIG_NOSYSTEM",
          "GIT_OPTIONAL_LOCKS",
          "GIT_PROTOCOL",
          "GIT_TERMINAL_PROMPT",
          "HOME",
          "LANG",
          "PATH",
        ].concat(["PUSHBOAT_HOOK_SOCKET", "PUSHBOAT_HOOK_TOKEN"]),
      );
    } finally {
      delete process.env["GIT_DIR"];
      delete process.env["PUSHBOAT_SECRET_OF_TEST"];
    }
  });
});

describe("connections that do not log in", () => {
  const open = async (): Promise<Socket> => {
    const socket = connect(given.sshPort, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  };

  test("are ended after the grace time", async () => {
    await start({ sshLimits: { loginGraceMs: 200 } });
    const socket = await open();
    socket.resume();
    await once(socket, "close");
  });

  test("are limited; one that logs in makes room again", async () => {
    await start({ sshLimits: { admission: { total: 2, perAddress: 2 } } });
    const idle = [await open(), await open()];
    await Promise.all(idle.map((socket) => once(socket, "data")));
    expect(await text(await open())).toContain("too many connections that have not logged in");
    idle[0]?.destroy();
    await eventually("there is room again", async () => (await ssh("help")).code === 0);
    for (let i = 0; i < 5; i += 1) expect((await ssh("help")).code).toBe(0);
    idle[1]?.destroy();
  });

  test("that send garbage harm nobody else", async () => {
    await start();
    const socket = await open();
    socket.write(randomBytes(10_000));
    socket.resume();
    await once(socket, "close");
    expect((await ssh("help")).code).toBe(0);
  });
});
