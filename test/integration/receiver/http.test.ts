import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { type ClientRequest, request } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PushboatError } from "../../../core/index.ts";
import { encodePacket, FLUSH } from "../../../receiver/git/pkt-line.ts";
import { eventually } from "../../support/eventually.ts";
import { givenWorkingCopy, type WorkingCopy } from "../../support/working-copy.ts";
import { type Front, givenFront } from "./front.ts";
import {
  ask,
  BLOG,
  FROM_LOOPBACK,
  type GivenOptions,
  type GivenReceiver,
  givenReceiver,
  moveRefs,
  TOKEN,
  WITH_TOKEN,
} from "./given-receiver.ts";
import { handshake } from "./handshake.ts";
import { gitChildren, gitProcesses } from "./processes.ts";

let given: GivenReceiver;
let front: Front;
const uncaught: unknown[] = [];
const keep = (error: unknown): void => {
  uncaught.push(error);
};

beforeEach(() => {
  uncaught.length = 0;
  process.on("uncaughtException", keep);
});
afterEach(async () => {
  await front.close();
  await given.stop();
  process.off("uncaughtException", keep);
  expect(uncaught).toEqual([]);
});

async function start(options: GivenOptions = {}, frontOptions: { address?: string; protocol?: string } = {}): Promise<void> {
  given = await givenReceiver(options);
  front = await givenFront({ socketPath: given.httpSocket, ...frontOptions });
}

const remote = (app = "blog"): string => `http://git:${TOKEN}@127.0.0.1:${front.port}/git/${app}.git`;

async function givenPusher(options: GivenOptions = {}): Promise<WorkingCopy> {
  await start(options);
  return givenWorkingCopy({
    client: given.client,
    app: "blog",
    directory: join(given.directory, "work"),
    remoteUrl: remote(),
    domain: "localhost",
    content: { "index.html": "v1" },
  });
}

const head = (branch: string): Promise<string | null> => given.repositories.head(BLOG, branch as never);
const noGitChildIsLeft = (): Promise<true> => eventually("no git child is left", async () => gitChildren(given.directory).length === 0);

const PUSH_PATH = "/git/blog.git/git-receive-pack";
const FETCH_PATH = "/git/blog.git/git-upload-pack";
const PUSH_TYPE = { "content-type": "application/x-git-receive-pack-request" };

/** A request that is begun and not ended. */
function begin(path: string, headers: Readonly<Record<string, string>>): ClientRequest {
  const begun = request({ socketPath: given.httpSocket, path, method: "POST", headers: { ...WITH_TOKEN, ...headers } });
  begun.on("error", () => {});
  return begun;
}

describe("a push over HTTP", () => {
  test("goes the same way as over SSH, with the token's identity", async () => {
    const work = await givenPusher();
    const commit = await work.commit();
    const pushed = await work.push("main", { gitOptions: ["-o", "no-cache"] });
    expect(pushed.output).toContain("* [new branch]");
    expect(given.prepared).toEqual(["blog"]);
    expect(given.pushes[0]).toMatchObject({
      app: "blog",
      identity: { name: "ci", via: "http", role: "admin", from: "127.0.0.1" },
      updates: [{ ref: "refs/heads/main", oldCommit: null, newCommit: commit }],
      options: ["no-cache"],
    });
    expect(await head("main")).toBe(commit);
    const clone = await given.client.git(["clone", "-q", remote(), join(given.directory, "clone")]);
    expect(clone).toMatchObject({ code: 0, output: "" });
    work.write("index.html", "v2");
    const second = await work.commit();
    await work.push();
    const pulled = await given.client.git(["-C", join(given.directory, "clone"), "pull", "-q"]);
    expect(pulled).toMatchObject({ code: 0, output: "" });
    expect((await given.client.git(["-C", join(given.directory, "clone"), "rev-parse", "HEAD"])).stdout.trim()).toBe(second);
  });

  test("shows each line while the deploy is still running", async () => {
    const seen = handshake();
    const work = await givenPusher({
      receive: async (push, repositories) => {
        push.progress("-----> Building");
        await seen.done;
        return moveRefs(push, repositories);
      },
    });
    let output = "";
    const pushed = await work.push("main", {
      timeoutMs: 20_000,
      onOutput: (text) => {
        output += text;
        if (output.includes("remote: -----> Building")) seen.give();
      },
    });
    expect(pushed.code).toBe(0);
  });

  test("gets an outcome for each ref with our own reason", async () => {
    const work = await givenPusher({
      receive: async ({ updates }) => updates.map(({ ref }) => ({ ref, ok: false, reason: "build failed: no lockfile" })),
    });
    const pushed = await work.push();
    expect(pushed.output).toContain("! [remote rejected] HEAD -> main (build failed: no lockfile)");
    expect(pushed.code).toBe(1);
  });

  test("of 50 MB goes through", async () => {
    const work = await givenPusher();
    writeFileSync(join(work.directory, "big.bin"), randomBytes(50_000_000));
    expect((await work.push()).code).toBe(0);
    expect(given.pushes).toHaveLength(1);
  });

  test("from a shallow clone works", async () => {
    const work = await givenPusher();
    work.write("index.html", "v2");
    await work.commit();
    const shallow = join(given.directory, "shallow");
    await given.client.git(["clone", "-q", "--depth=1", `file://${work.directory}`, shallow]);
    const pushed = await given.client.git(["-C", shallow, "push", remote(), "main"]);
    expect(pushed.output).toContain("* [new branch]");
  });

  test("says in words what control refuses before git begins", async () => {
    const work = await givenPusher({
      prepare: async () => {
        throw new PushboatError({ code: "app/unknown", message: "there is no app called blog", hint: "apps:create blog" });
      },
    });
    const pushed = await work.push();
    expect(pushed.output).toContain("!     there is no app called blog  [app/unknown]");
    expect(pushed.code).toBe(128);
  });

  test("to a name that is none says so", async () => {
    const work = await givenPusher();
    const pushed = await work.git(["push", remote("UPPER"), "main"]);
    expect(pushed.output).toContain('!     "UPPER" is not a name for an app  [name/app]');
  });
});

describe("the nine defects of node-git-server (facts.md), each fenced", () => {
  test.each([
    ["a POST of a push", "POST", PUSH_PATH],
    ["a POST of a fetch", "POST", FETCH_PATH],
    ["discovery", "GET", "/git/blog.git/info/refs?service=git-upload-pack"],
    ["HEAD", "GET", "/git/blog.git/HEAD"],
    ["anything else", "PUT", "/"],
  ])("1: %s without credentials is turned away", async (_what, method, path) => {
    await start();
    await given.repositories.ensure(BLOG);
    for (const authorization of ["", "Basic ", `Basic ${btoa("git:wrong")}`, `Bearer ${TOKEN}x`, `Basic ${btoa(TOKEN)}`]) {
      const headers = { ...FROM_LOOPBACK, ...PUSH_TYPE, ...(authorization === "" ? {} : { authorization }) };
      const answer = await ask(given, path, { method, headers, body: method === "GET" ? "" : "0000" });
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe('Basic realm="Pushboat", charset="UTF-8"');
    }
  });

  test("1: a whole push without credentials moves nothing", async () => {
    const work = await givenPusher();
    await given.repositories.ensure(BLOG);
    const commit = await work.commit();
    const pack = await work.git(["rev-parse", "HEAD"]);
    const command = encodePacket(`${"0".repeat(40)} ${pack.stdout.trim()} refs/heads/main\0report-status`);
    const answer = await ask(given, PUSH_PATH, {
      method: "POST",
      headers: { ...FROM_LOOPBACK, ...PUSH_TYPE },
      body: Buffer.concat([command, FLUSH]),
    });
    expect(answer.status).toBe(401);
    expect(given.pushes).toHaveLength(0);
    expect(await head("main")).toBeNull();
    expect(commit).not.toBe("");
  });

  test("2: GET /new.git/HEAD makes no repository, even with a token", async () => {
    await start();
    const answer = await ask(given, "/git/new.git/HEAD");
    expect(answer.status).toBe(404);
    expect(existsSync(join(given.settings.dataDirectory, "repositories", "new.git"))).toBe(false);
  });

  test("3: a push to a ref outside heads and tags is answered", async () => {
    const work = await givenPusher();
    const pushed = await work.git(["push", "pushboat", "HEAD:refs/notes/commits"], { timeoutMs: 20_000 });
    expect(pushed.output).toContain("(only branches and tags can be pushed to Pushboat)");
    expect(pushed.code).toBe(1);
  });

  test("4: a push over 1 MB is one push of one branch", async () => {
    const work = await givenPusher();
    writeFileSync(join(work.directory, "big.bin"), randomBytes(3_000_000));
    const commit = await work.commit();
    await work.push();
    expect(given.pushes).toHaveLength(1);
    expect(given.judged).toHaveLength(1);
    expect(given.pushes[0]?.updates).toEqual([{ ref: "refs/heads/main", oldCommit: null, newCommit: commit }]);
  });

  test.each([
    ["a push", PUSH_PATH, PUSH_TYPE, "00a0"],
    ["a fetch", FETCH_PATH, {}, "0032wa"],
    ["a compressed fetch", FETCH_PATH, { "content-encoding": "gzip" }, "\x1f\x8b\x08"],
  ])("5: a client that aborts %s half way ends nothing but itself", async (_what, path, headers, bytes) => {
    await start();
    await given.repositories.ensure(BLOG);
    for (let i = 0; i < 5; i += 1) {
      const begun = begin(path, headers);
      begun.write(Buffer.from(bytes, "latin1"));
      await once(begun, "socket");
      await new Promise((resolve) => setTimeout(resolve, 20));
      begun.destroy();
      begun.socket?.resetAndDestroy();
    }
    await noGitChildIsLeft();
    expect((await ask(given, "/git/blog.git/info/refs?service=git-upload-pack")).status).toBe(200);
  });

  test("6: killing a client in the middle of a push leaves no git child, and the deploy goes on", async () => {
    const began = handshake();
    const goOn = handshake();
    const ended = handshake();
    const work = await givenPusher({
      receive: async (push, repositories) => {
        push.progress("-----> Building");
        began.give();
        await goOn.done;
        push.progress("-----> Nobody reads this");
        const outcomes = await moveRefs(push, repositories);
        ended.give();
        return outcomes;
      },
    });
    const commit = await work.commit();
    const client = spawn("git", ["push", "pushboat", "main"], {
      cwd: work.directory,
      env: given.client.environment,
      detached: true,
      stdio: "ignore",
    });
    await began.done;
    process.kill(-(client.pid as number), "SIGKILL");
    await once(client, "close");
    await noGitChildIsLeft();
    expect(given.pushes[0]?.disconnected.aborted).toBe(true);
    goOn.give();
    await ended.done;
    expect(await head("main")).toBe(commit);
  });

  test("6: killing a client in the middle of a fetch leaves no git child", async () => {
    const work = await givenPusher();
    writeFileSync(join(work.directory, "big.bin"), randomBytes(20_000_000));
    const commit = await work.commit();
    await work.push();
    const body = Buffer.concat([encodePacket(`want ${commit} side-band-64k\n`), FLUSH, encodePacket("done\n")]);
    const begun = begin(FETCH_PATH, { "content-type": "application/x-git-upload-pack-request" });
    begun.end(body);
    await once(begun, "response");
    await eventually("git packs", async () => gitChildren(given.directory).length > 0);
    begun.destroy();
    await noGitChildIsLeft();
  });

  test("7: several refs in one push are one push with all of them, wherever the chunks end", async () => {
    const work = await givenPusher({
      receive: async ({ updates }) => updates.map(({ ref }) => ({ ref, ok: ref.endsWith("1"), reason: "no" }) as never),
    });
    const refs = Array.from({ length: 200 }, (_, i) => `HEAD:refs/heads/branch-with-a-long-name-${"x".repeat(100)}-${i}`);
    const pushed = await work.git(["push", "pushboat", ...refs]);
    expect(given.pushes.map(({ updates }) => updates.length)).toEqual([200]);
    expect(pushed.output.match(/\[new branch\]/g)).toHaveLength(20);
    expect(pushed.output.match(/\(no\)/g)).toHaveLength(180);
  });

  test.each(["gzip", "x-gzip", "deflate"])("8: a body in %s is decoded", async (encoding) => {
    const work = await givenPusher();
    const commit = await work.commit();
    await work.push();
    const { deflateSync } = await import("node:zlib");
    const body = Buffer.concat([encodePacket(`want ${commit} ofs-delta\n`), FLUSH, encodePacket("done\n")]);
    const answer = await ask(given, FETCH_PATH, {
      method: "POST",
      headers: { ...WITH_TOKEN, "content-encoding": encoding },
      body: encoding === "deflate" ? deflateSync(body) : gzipSync(body),
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toContain("NAK");
    expect(answer.body).toContain("PACK");
  });

  test("8: lengths are counted in bytes: output that is not ASCII arrives whole", async () => {
    const work = await givenPusher({
      receive: async (push, repositories) => {
        push.progress("-----> Größe 10 µm → 😀");
        return moveRefs(push, repositories);
      },
    });
    expect((await work.push()).output).toContain("remote: -----> Größe 10 µm → 😀");
  });

  test.each([
    ["discovery", "GET", "/git/blog.git/info/refs?service=git-upload-pack"],
    ["fetch", "POST", FETCH_PATH],
  ])("9: for %s git runs as the git user, in a group of its own, with nothing of our environment", async (_what, method, path) => {
    process.env["PUSHBOAT_SECRET_OF_TEST"] = "secret";
    process.env["GIT_TRACE"] = "1";
    try {
      const work = await givenPusher();
      writeFileSync(join(work.directory, "big.bin"), randomBytes(20_000_000));
      const commit = await work.commit();
      await work.push();
      const tags = Array.from({ length: 20_000 }, (_, tag) => `${commit} refs/tags/${"x".repeat(100)}-${String(tag).padStart(5, "0")}\n`);
      writeFileSync(join(given.repositories.path(BLOG), "packed-refs"), `# pack-refs with: sorted\n${tags.join("")}`);
      // The answer is not read, so git waits with the rest of it and can be looked at.
      const begun = request({ socketPath: given.httpSocket, path, method, headers: WITH_TOKEN });
      begun.on("error", () => {});
      // without a listener node would throw the answer away as it comes
      begun.on("response", (response) => response.pause());
      begun.end(
        method === "GET" ? undefined : Buffer.concat([encodePacket(`want ${commit} side-band-64k\n`), FLUSH, encodePacket("done\n")]),
      );
      const child = await eventually("git runs", async () =>
        gitProcesses(given.directory).find(({ commandLine }) => commandLine.includes("upload-pack")),
      );
      expect(child.uid).not.toBe(0);
      expect(child.processGroup).toBe(child.pid);
      expect([...child.environment.keys()]).not.toContain("PUSHBOAT_SECRET_OF_TEST");
      expect([...child.environment.keys()]).not.toContain("GIT_TRACE");
      begun.destroy();
      await noGitChildIsLeft();
    } finally {
      delete process.env["PUSHBOAT_SECRET_OF_TEST"];
      delete process.env["GIT_TRACE"];
    }
  });
});

describe("credentials over HTTP", () => {
  test.each([
    ["Basic with any user name", `Basic ${btoa(`whoever:${TOKEN}`)}`],
    ["Basic without a user name", `Basic ${btoa(`:${TOKEN}`)}`],
    ["Bearer", `Bearer ${TOKEN}`],
    ["bearer", `bearer ${TOKEN}`],
  ])("%s is taken", async (_what, authorization) => {
    await start();
    await given.repositories.ensure(BLOG);
    const answer = await ask(given, "/git/blog.git/info/refs?service=git-upload-pack", { headers: { ...FROM_LOOPBACK, authorization } });
    expect(answer.status).toBe(200);
  });

  test("a token over plain HTTP is refused from anywhere but loopback, before one is asked for", async () => {
    await start();
    for (const address of ["203.0.113.7", "10.0.0.1", "", "127.0.0.1, 203.0.113.7", "unknown"]) {
      const headers = { ...WITH_TOKEN, "x-forwarded-for": address };
      const answer = await ask(given, "/git/blog.git/info/refs?service=git-upload-pack", { headers });
      expect(answer.status).toBe(403);
      expect(answer.body).toContain("Tokens are not taken over plain HTTP");
      expect(answer.headers["www-authenticate"]).toBeUndefined();
    }
    expect((await ask(given, "/git/blog.git/HEAD", { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(403);
  });

  test("git shows that text to its user", async () => {
    await start({}, { address: "203.0.113.7" });
    const cloned = await given.client.git(["clone", remote(), join(given.directory, "clone")]);
    expect(cloned.output).toContain("!     Tokens are not taken over plain HTTP  [http/plain-token]");
  });

  test("https is taken from anywhere", async () => {
    await start({}, { address: "203.0.113.7", protocol: "https" });
    await given.repositories.ensure(BLOG);
    const cloned = await given.client.git(["clone", "-q", remote(), join(given.directory, "clone")]);
    expect(cloned.code).toBe(0);
  });

  test("plain HTTP is taken from anywhere where the server allows it", async () => {
    await start({ settings: { allowPlainTokens: true } }, { address: "203.0.113.7" });
    await given.repositories.ensure(BLOG);
    const cloned = await given.client.git(["clone", "-q", remote(), join(given.directory, "clone")]);
    expect(cloned.code).toBe(0);
  });
});

describe("only three routes", () => {
  test.each([
    ["GET", "/"],
    ["GET", "/git"],
    ["GET", "/git/blog.git"],
    ["GET", "/git/blog.git/HEAD"],
    ["GET", "/git/blog.git/config"],
    ["GET", "/git/blog.git/objects/info/packs"],
    ["GET", "/git/blog.git/info/refs/"],
    ["GET", "/GIT/blog.git/info/refs?service=git-upload-pack"],
    ["POST", "/git/blog.git/info/refs?service=git-upload-pack"],
    ["GET", PUSH_PATH],
    ["PUT", PUSH_PATH],
    ["POST", "/git/blog.git/git-upload-archive"],
    ["POST", "/git/../git/blog.git/git-receive-pack/x"],
  ])("%s %s is 404 with a text", async (method, path) => {
    await start();
    await given.repositories.ensure(BLOG);
    const answer = await ask(given, path, { method });
    expect(answer.status).toBe(404);
    expect(answer.body).toContain(" !     There is nothing here  [http/not-found]");
  });

  test.each(["..", "%2e%2e", "..%2f..%2fetc", "a%2fb", "%00", "UPPER.git", `${"x".repeat(200)}.git`, "blog.git%00.git", "-rf"])(
    "the repository %s is refused, and nothing is made",
    async (name) => {
      await start();
      const answer = await ask(given, `/git/${name}/info/refs?service=git-receive-pack`);
      expect([400, 404]).toContain(answer.status);
      expect(given.prepared).toEqual([]);
      expect(existsSync(join(given.settings.dataDirectory, "repositories"))).toBe(false);
    },
  );

  test.each([
    "",
    "?service=",
    "?service=git-upload-archive",
    "?service[]=git-upload-pack",
    "?service=git-upload-pack&service=git-receive-pack",
  ])("discovery with %j is refused: no dumb protocol", async (query) => {
    await start();
    await given.repositories.ensure(BLOG);
    const answer = await ask(given, `/git/blog.git/info/refs${query}`);
    expect(answer.status).toBe(403);
    expect(answer.body).toContain("Only git's smart HTTP protocol is served here");
  });

  test.each(["", "0000", "0009done\n", "garbage", "0014command=ls-refs\n0000", "\0".repeat(100)])(
    "a fetch that says %j is refused, not waited for",
    async (body) => {
      await start();
      await given.repositories.ensure(BLOG);
      const answer = await ask(given, FETCH_PATH, { method: "POST", body });
      expect(answer.status).toBe(400);
      await noGitChildIsLeft();
    },
  );

  test("a push that is not one is refused", async () => {
    await start();
    await given.repositories.ensure(BLOG);
    expect((await ask(given, PUSH_PATH, { method: "POST", body: "x" })).status).toBe(415);
    expect(
      (await ask(given, PUSH_PATH, { method: "POST", headers: { ...WITH_TOKEN, ...PUSH_TYPE, "content-encoding": "br" }, body: "x" }))
        .status,
    ).toBe(415);
    const garbage = await ask(given, PUSH_PATH, {
      method: "POST",
      headers: { ...WITH_TOKEN, ...PUSH_TYPE },
      body: "garbage that is no packet",
    });
    expect(garbage.status).toBe(500);
    await noGitChildIsLeft();
  });

  test.each([FETCH_PATH, PUSH_PATH])("a body that only claims to be compressed ends %s and nothing else", async (path) => {
    await start();
    await given.repositories.ensure(BLOG);
    const headers = { ...WITH_TOKEN, ...PUSH_TYPE, "content-encoding": "gzip" };
    await ask(given, path, { method: "POST", headers, body: "no gzip at all".repeat(10) }).catch(() => null);
    await noGitChildIsLeft();
    expect((await ask(given, "/git/blog.git/info/refs?service=git-upload-pack")).status).toBe(200);
  });

  test("a fetch and a push of an app that is not there are 404", async () => {
    await start();
    expect((await ask(given, "/git/nowhere.git/info/refs?service=git-upload-pack")).body).toContain("there is no app called nowhere");
    expect(
      (await ask(given, "/git/nowhere.git/git-receive-pack", { method: "POST", headers: { ...WITH_TOKEN, ...PUSH_TYPE }, body: "0000" }))
        .status,
    ).toBe(404);
    expect(given.prepared).toEqual([]);
  });
});
