import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { PushboatError } from "../../../core/index.ts";
import { encodePacket, FLUSH } from "../../../receiver/git/pkt-line.ts";
import { run } from "../../support/command.ts";
import { eventually } from "../../support/eventually.ts";
import { givenWorkingCopy, type WorkingCopy } from "../../support/working-copy.ts";
import { BLOG, type GivenOptions, type GivenReceiver, givenReceiver, moveRefs } from "./given-receiver.ts";
import { handshake } from "./handshake.ts";
import { gitChildren, gitProcesses } from "./processes.ts";

let given: GivenReceiver;
afterEach(() => given.stop());

function workingCopy(directory: string, app = "blog"): Promise<WorkingCopy> {
  return givenWorkingCopy({
    client: given.client,
    app,
    directory: join(given.directory, directory),
    remoteUrl: given.remote(app),
    domain: "localhost",
    content: { "index.html": "v1" },
  });
}

async function givenPusher(options: GivenOptions = {}, app = "blog"): Promise<WorkingCopy> {
  given = await givenReceiver(options);
  return workingCopy("work", app);
}

/** As root in the git user's repository. */
async function inRepository(...argv: string[]): Promise<string> {
  return (await given.client.git(["-c", "safe.directory=*", "-C", given.repositories.path(BLOG), ...argv])).output;
}

const countObjects = (): Promise<string> => inRepository("count-objects", "-v");

const head = (branch: string): Promise<string | null> => given.repositories.head(BLOG, branch as never);

describe("a push over SSH", () => {
  test("reaches control with app, identity, ref and commit", async () => {
    const work = await givenPusher();
    const commit = await work.commit();
    const pushed = await work.push();
    expect(pushed.output).toContain("* [new branch]");
    expect(pushed.code).toBe(0);
    expect(given.prepared).toEqual(["blog"]);
    expect(given.judged).toHaveLength(1);
    expect(given.pushes).toHaveLength(1);
    expect(given.pushes[0]).toMatchObject({
      app: "blog",
      identity: { name: "alice", via: "ssh", role: "admin", from: "127.0.0.1" },
      updates: [{ ref: "refs/heads/main", oldCommit: null, newCommit: commit }],
      options: [],
    });
    expect(await head("main")).toBe(commit);
  });

  test("says which commit the branch had before", async () => {
    const work = await givenPusher();
    const first = await work.commit();
    await work.push();
    work.write("index.html", "v2");
    const second = await work.commit();
    expect((await work.push()).code).toBe(0);
    expect(given.pushes[1]?.updates).toEqual([{ ref: "refs/heads/main", oldCommit: first, newCommit: second }]);
  });

  test("leaves the ref where it was when control moves nothing: git itself never moves a branch", async () => {
    const work = await givenPusher({ receive: async (push) => push.updates.map(({ ref }) => ({ ref, ok: true })) });
    expect((await work.push()).code).toBe(0);
    expect(await head("main")).toBeNull();
  });

  test("shows each line while the deploy is still running", async () => {
    const seen = handshake();
    const work = await givenPusher({
      receive: async (push, repositories) => {
        push.progress("-----> Building");
        await seen.done;
        push.progress("       done\n");
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
    expect(pushed.output).toMatch(/remote: -----> Building\s*\n(.*\n)*remote: {8}done/);
  });

  test("gets an outcome for each ref: one ok, one with our own reason", async () => {
    const work = await givenPusher({
      receive: async ({ updates }) =>
        updates.map(({ ref }) =>
          ref.endsWith("/main") ? { ref, ok: true } : { ref, ok: false, reason: "build failed: npm ci ended with 1" },
        ),
    });
    const pushed = await work.git(["push", "pushboat", "HEAD:refs/heads/main", "HEAD:refs/heads/broken"]);
    expect(pushed.code).toBe(1);
    expect(pushed.output).toContain("* [new branch]      HEAD -> main");
    expect(pushed.output).toContain("! [remote rejected] HEAD -> broken (build failed: npm ci ended with 1)");
  });

  test("has a reason in one line, whatever control says", async () => {
    const work = await givenPusher({
      receive: async ({ updates }) => updates.map(({ ref }) => ({ ref, ok: false, reason: "first\nok refs/heads/main\r\0second" })),
    });
    expect((await work.push()).output).toContain("HEAD -> main (first ok refs/heads/main second)");
  });

  test("is refused as a whole by the judge, with its text, before git keeps any object", async () => {
    const work = await givenPusher({ judge: async () => " !     not on a Friday" });
    const pushed = await work.push();
    expect(pushed.code).toBe(1);
    expect(pushed.output).toContain("remote:  !     not on a Friday");
    expect(given.pushes).toHaveLength(0);
    expect(await countObjects()).toMatch(/^in-pack: 0$/m);
  });

  test("ends with control's error when the deploy throws", async () => {
    const work = await givenPusher({
      receive: async () => {
        throw new PushboatError({ code: "deploy/disk-full", message: "Less than 5 % of the disk is free", hint: "Remove an app." });
      },
    });
    const pushed = await work.push();
    expect(pushed.output).toContain("remote:  !     Less than 5 % of the disk is free  [deploy/disk-full]");
    expect(pushed.output).toContain("(Less than 5 % of the disk is free)");
    expect(pushed.code).toBe(1);
  });

  test("carries push options to the judge and to the deploy", async () => {
    const work = await givenPusher();
    const options = ["no-cache", "a b=c'\"$d", "ü"];
    expect((await work.push("main", { gitOptions: options.map((option) => `--push-option=${option}`) })).code).toBe(0);
    expect(given.judged[0]?.options).toEqual(options);
    expect(given.pushes[0]?.options).toEqual(options);
  });

  test("with git's own --dry-run deploys nothing", async () => {
    const work = await givenPusher();
    const pushed = await work.push("main", { gitOptions: ["--dry-run"] });
    expect(pushed.code).toBe(0);
    expect(given.pushes).toHaveLength(0);
    expect(given.judged).toHaveLength(0);
  });

  test("with -o dry-run exits 0 though control moved nothing", async () => {
    const work = await givenPusher({ receive: async ({ updates }) => updates.map(({ ref }) => ({ ref, ok: true })) });
    expect((await work.push("main", { gitOptions: ["-o", "dry-run"] })).code).toBe(0);
    expect(await head("main")).toBeNull();
  });

  test("of nothing new does not reach control", async () => {
    const work = await givenPusher();
    await work.push();
    const again = await work.push();
    expect(again.output).toContain("Everything up-to-date");
    expect(given.pushes).toHaveLength(1);
  });

  test("of a deletion reaches control as one", async () => {
    const work = await givenPusher();
    const commit = await work.commit();
    await work.push("feature-x");
    const deleted = await work.git(["push", "pushboat", "--delete", "feature-x"]);
    expect(deleted.output).toContain("- [deleted]");
    expect(given.pushes[1]?.updates).toEqual([{ ref: "refs/heads/feature-x", oldCommit: commit, newCommit: null }]);
    expect(await head("feature-x")).toBeNull();
  });

  test("of 300 branches reaches control once, with all of them", async () => {
    const work = await givenPusher({ receive: async ({ updates }) => updates.map(({ ref }) => ({ ref, ok: false, reason: "too many" })) });
    const pushed = await work.git(["push", "pushboat", ...Array.from({ length: 300 }, (_, i) => `HEAD:refs/heads/b${i}`)]);
    expect(given.pushes.map(({ updates }) => updates.length)).toEqual([300]);
    expect(pushed.output.match(/\(too many\)/g)).toHaveLength(300);
  });

  test.each(["--", "a/b", "Ünïcode", "qa", "x".repeat(100)])("of a branch called %j reaches control under that name", async (branch) => {
    const work = await givenPusher();
    await work.push(branch);
    expect(given.pushes[0]?.updates[0]?.ref).toBe(`refs/heads/${branch}`);
  });
});

describe("branches that git cannot keep beside each other", () => {
  test("are refused before anything is built, those beside them deploy", async () => {
    const work = await givenPusher();
    await work.push("a");
    const pushed = await work.git(["push", "pushboat", "HEAD:refs/heads/a/b", "HEAD:refs/heads/other", "HEAD:refs/heads/ab"]);
    expect(pushed.output).toContain("HEAD -> a/b (git cannot keep this branch beside a)");
    expect(given.pushes[1]?.updates.map(({ ref }) => ref).sort()).toEqual(["refs/heads/ab", "refs/heads/other"]);
    expect(pushed.code).toBe(1);
  });

  test("are refused both when they come in one push", async () => {
    const work = await givenPusher();
    const pushed = await work.git(["push", "pushboat", "HEAD:refs/heads/x", "HEAD:refs/heads/x/y"]);
    expect(pushed.output.match(/git cannot keep this branch beside/g)).toHaveLength(2);
    expect(given.pushes).toHaveLength(0);
  });
});

describe("refs that are no branches", () => {
  test("a tag is stored and deploys nothing", async () => {
    const work = await givenPusher();
    await work.git(["tag", "-a", "-m", "first", "v1.0"]);
    const pushed = await work.git(["push", "pushboat", "v1.0"]);
    expect(pushed.code).toBe(0);
    expect(pushed.output).toContain("Tags are stored; only branches deploy");
    expect(given.pushes).toHaveLength(0);
    const listed = await work.git(["ls-remote", "pushboat"]);
    expect(listed.stdout).toContain("refs/tags/v1.0");
    expect((await work.git(["push", "pushboat", "--delete", "v1.0"])).code).toBe(0);
  });

  test("a tag beside a branch: only the branch reaches control", async () => {
    const work = await givenPusher();
    await work.git(["tag", "v1.0"]);
    const pushed = await work.git(["push", "pushboat", "main", "v1.0"]);
    expect(pushed.code).toBe(0);
    expect(given.pushes[0]?.updates.map(({ ref }) => ref)).toEqual(["refs/heads/main"]);
  });

  test.each(["refs/notes/commits", "refs/pull/1/head", "refs/changes/1"])(
    "%s is refused with a reason, the branch beside it deploys",
    async (ref) => {
      const work = await givenPusher();
      const pushed = await work.git(["push", "pushboat", "HEAD:refs/heads/main", `HEAD:${ref}`]);
      expect(pushed.code).toBe(1);
      expect(pushed.output).toContain("(only branches and tags can be pushed to Pushboat)");
      expect(pushed.output).toContain("* [new branch]      HEAD -> main");
      expect(given.pushes[0]?.updates).toHaveLength(1);
    },
  );

  test("our own refs are neither shown nor taken", async () => {
    const work = await givenPusher();
    const commit = await work.commit();
    await work.push();
    await given.repositories.pin(BLOG, "12", commit as never);
    expect((await work.git(["ls-remote", "pushboat"])).stdout).not.toContain("pushboat");
    const pushed = await work.git(["push", "pushboat", "HEAD:refs/pushboat/releases/13"]);
    expect(pushed.output).toContain("deny updating a hidden ref");
    expect(pushed.code).toBe(1);
  });
});

describe("an atomic push", () => {
  test("of a branch and a tag goes through", async () => {
    const work = await givenPusher();
    await work.git(["tag", "v1.0"]);
    const pushed = await work.git(["push", "--atomic", "pushboat", "main", "v1.0"]);
    expect(pushed.output).toContain("* [new tag]");
    expect(pushed.code).toBe(0);
  });

  test("fails for the tag too when the branch fails, and the tag is not stored", async () => {
    const work = await givenPusher({
      receive: async ({ updates }) => updates.map(({ ref }) => ({ ref, ok: false, reason: "build failed" })),
    });
    await work.git(["tag", "v1.0"]);
    const pushed = await work.git(["push", "--atomic", "pushboat", "main", "v1.0"]);
    expect(pushed.output).toContain("main -> main (build failed)");
    expect(pushed.output).toContain("v1.0 -> v1.0 (atomic push: refs/heads/main was refused)");
    expect((await work.git(["ls-remote", "pushboat"])).stdout).toBe("");
  });

  test("with a ref that is refused anyway deploys nothing", async () => {
    const work = await givenPusher();
    const pushed = await work.git(["push", "--atomic", "pushboat", "main", "HEAD:refs/notes/commits"]);
    expect(pushed.output.match(/remote rejected/g)).toHaveLength(2);
    expect(given.pushes).toHaveLength(0);
  });

  test("of two branches is refused before anything is deployed", async () => {
    const work = await givenPusher();
    const pushed = await work.git(["push", "--atomic", "pushboat", "main", "HEAD:refs/heads/other"]);
    expect(pushed.output).toContain("--atomic takes one branch here");
    expect(given.pushes).toHaveLength(0);
  });
});

describe("two at once", () => {
  test("two pushes from one base both reach control, which alone decides: the second loses with its reason", async () => {
    const bothIn = handshake();
    let arrived = 0;
    const work = await givenPusher({
      receive: async (push, repositories) => {
        if (push.updates[0]?.oldCommit === null) return moveRefs(push, repositories);
        arrived += 1;
        const second = arrived === 2;
        if (second) bothIn.give();
        await bothIn.done;
        if (second) return push.updates.map(({ ref }) => ({ ref, ok: false, reason: "main moved meanwhile: fetch first" }));
        return moveRefs(push, repositories);
      },
    });
    await work.push();
    const other = await workingCopy("other");
    await other.git(["fetch", "-q", "pushboat"]);
    await other.git(["reset", "-q", "--hard", "pushboat/main"]);
    work.write("a.txt", "a");
    other.write("b.txt", "b");
    const results = await Promise.all([work.push(), other.push()]);
    expect(results.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(results.map(({ output }) => output).join("")).toContain("(main moved meanwhile: fetch first)");
    const bases = given.pushes.slice(1).map(({ updates }) => updates[0]?.oldCommit);
    expect(bases[0]).toBe(bases[1]);
  });
});

describe("a client that goes", () => {
  test("in the middle of the deploy ends the transport, never the deploy; no git child is left", async () => {
    const began = handshake();
    const goOn = handshake();
    const ended = handshake();
    const work = await givenPusher({
      receive: async (push, repositories) => {
        push.progress("-----> Building");
        began.give();
        await goOn.done;
        for (let line = 0; line < 100; line += 1) push.progress(`line ${line}`);
        const outcomes = await moveRefs(push, repositories);
        ended.give();
        return outcomes;
      },
    });
    const commit = await work.commit();
    const client = spawn("git", ["-c", `core.sshCommand=${given.client.sshCommand}`, "push", "pushboat", "main"], {
      cwd: work.directory,
      env: given.client.environment,
      detached: true,
      stdio: "ignore",
    });
    await began.done;
    expect(gitChildren(given.directory)).not.toEqual([]);
    process.kill(-(client.pid as number), "SIGKILL");
    await once(client, "close");
    await eventually("control sees that the client has gone", async () => given.pushes[0]?.disconnected.aborted);
    await eventually("no git child is left", async () => gitChildren(given.directory).length === 0);
    goOn.give();
    await ended.done;
    expect(await head("main")).toBe(commit);
  });

  test("while it still sends leaves no git child and nothing half in the repository", async () => {
    const work = await givenPusher();
    writeFileSync(join(work.directory, "big.bin"), randomBytes(30_000_000));
    await work.commit();
    const client = spawn("git", ["-c", `core.sshCommand=${given.client.sshCommand}`, "push", "pushboat", "main"], {
      cwd: work.directory,
      env: given.client.environment,
      detached: true,
      stdio: "ignore",
    });
    await eventually("the pack is coming in", async () => gitChildren(given.directory).some((line) => line.includes("index-pack")));
    process.kill(-(client.pid as number), "SIGKILL");
    await once(client, "close");
    await eventually("no git child is left", async () => gitChildren(given.directory).length === 0);
    expect(await countObjects()).toMatch(/^packs: 0$/m);
    expect(given.pushes).toHaveLength(0);
  });

  test("that reads slowly loses lines, not the deploy, and control does not wait for it", async () => {
    const work = await givenPusher({
      receive: async (push, repositories) => {
        for (let line = 0; line < 200_000; line += 1) push.progress(`line ${line} ${"x".repeat(100)}`);
        return moveRefs(push, repositories);
      },
    });
    const pushed = await work.push();
    expect(pushed.code).toBe(0);
    expect(pushed.output).toContain("remote: line 0 ");
    expect(pushed.output).toMatch(/remote: {2}! {5}\d+ pieces of output were left out: they came faster than they were read/);
    expect(await head("main")).not.toBeNull();
  });
});

describe("large and shallow", () => {
  test("50 MB go through, and a pack stays a pack", async () => {
    const work = await givenPusher();
    writeFileSync(join(work.directory, "big.bin"), randomBytes(50_000_000));
    expect((await work.push()).code).toBe(0);
    expect(await countObjects()).toMatch(/^packs: 1$/m);
  });

  test("many packs are joined after a push, and every commit is still there", async () => {
    const work = await givenPusher();
    await work.push();
    const packs = join(given.repositories.path(BLOG), "objects", "pack");
    for (let i = 0; i < 60; i += 1) {
      await run([
        "sh",
        "-c",
        `printf 'blob ${i}' | git -c safe.directory='*' -C ${given.repositories.path(BLOG)} hash-object -w --stdin | git -c safe.directory='*' -C ${given.repositories.path(BLOG)} pack-objects -q ${packs}/pack`,
      ]);
    }
    work.write("index.html", "v2");
    const commit = await work.commit();
    expect((await work.push()).code).toBe(0);
    await eventually("the packs are joined", async () => readdirSync(packs).filter((name) => name.endsWith(".pack")).length < 10);
    expect(await inRepository("fsck", "--full")).not.toMatch(/missing|error/);
    expect(await head("main")).toBe(commit);
  });

  test("a push over the limit is refused and names it", async () => {
    const work = await givenPusher({ settings: { maxPushBytes: 1_000_000 } });
    writeFileSync(join(work.directory, "big.bin"), randomBytes(3_000_000));
    const pushed = await work.push();
    expect(pushed.code).toBe(1);
    expect(pushed.output).toContain("pack exceeds maximum allowed size");
    expect(given.pushes).toHaveLength(0);
  });

  test("a push from a shallow clone works, and so do the next push and a clone", async () => {
    const work = await givenPusher();
    for (const version of ["v2", "v3", "v4"]) {
      work.write("index.html", version);
      await work.commit(version);
    }
    const shallow = join(given.directory, "shallow");
    expect((await given.client.git(["clone", "-q", "--depth=2", `file://${work.directory}`, shallow])).code).toBe(0);
    const git = (...argv: string[]) => given.client.git(argv, { cwd: shallow });
    const pushed = await git("push", given.remote(), "main");
    expect(pushed.output).toContain("* [new branch]");
    const tip = (await git("rev-parse", "HEAD")).stdout.trim();
    expect(await head("main")).toBe(tip);
    expect((await inRepository("rev-list", "main")).trim().split("\n")).toHaveLength(2);

    writeFileSync(join(shallow, "index.html"), "v5");
    await git("commit", "-qam", "v5");
    expect((await git("push", given.remote(), "main")).code).toBe(0);
    const clone = await given.client.git(["clone", "-q", given.remote(), join(given.directory, "clone")]);
    expect(clone.output).toBe("");
    expect(clone.code).toBe(0);
  });
});

describe("names of apps", () => {
  test.each(["..", "a/b", "../../etc", "UPPER", "x".repeat(200), "$(id)", "a;b", "a b", "-rf", "git", ""])(
    "%j is refused in words and touches nothing",
    async (name) => {
      const work = await givenPusher();
      const pushed = await work.git(["push", `ssh://pushboat@127.0.0.1:${given.sshPort}/${name}`, "main"]);
      expect(pushed.code).not.toBe(0);
      expect(pushed.output).toMatch(/ ! {5}.*(is not a name for an app|is reserved by Pushboat)/);
      expect(given.prepared).toEqual([]);
    },
  );

  test.each(["/blog", "blog", "/blog.git", "blog.git"])("the app is reached as %s", async (name) => {
    await givenPusher();
    await given.repositories.ensure(BLOG);
    const answered = await given.client.ssh(given.sshPort, `git-upload-pack '${name}'`, { stdin: "0000" });
    expect(answered.code).toBe(0);
  });

  test("a fetch from an app that is not there says so", async () => {
    await givenPusher();
    const cloned = await given.client.git(["clone", given.remote("nowhere"), join(given.directory, "clone")]);
    expect(cloned.output).toContain(" !     there is no app called nowhere  [app/unknown]");
    expect(cloned.code).toBe(128);
  });

  test("an app that control refuses to make is refused with its text", async () => {
    const work = await givenPusher({
      prepare: async () => {
        throw new PushboatError({ code: "app/unknown", message: "there is no app called blog", hint: "apps:create blog" });
      },
    });
    const pushed = await work.push();
    expect(pushed.output).toContain(" !     there is no app called blog  [app/unknown]");
    expect(pushed.code).toBe(128);
  });

  test("git-upload-archive and others are not served", async () => {
    await givenPusher();
    const answered = await given.client.ssh(given.sshPort, "git-upload-archive 'blog'");
    expect(answered.stderr).toContain("git upload-archive is not served here");
    expect(answered.code).toBe(1);
  });
});

describe("the hook socket", () => {
  test("a token opens each hook once, and nothing is open without one", async () => {
    const tokens: string[] = [];
    const work = await givenPusher({
      receive: async (push, repositories) => {
        const hook = gitProcesses(given.directory).find(({ commandLine }) => commandLine.includes("proc-receive"));
        tokens.push(hook?.environment.get("PUSHBOAT_HOOK_TOKEN") ?? "");
        expect(await knock("proc-receive", tokens[0] as string)).toContain("does not belong to a push");
        return moveRefs(push, repositories);
      },
    });
    await work.push();
    expect(tokens[0]).toMatch(/^[0-9a-f]{48}$/);
    expect(await knock("pre-receive", tokens[0] as string)).toContain("does not belong to a push");
    expect(await knock("proc-receive", "")).toContain("does not belong to a push");
    expect(given.pushes).toHaveLength(1);
  });
});

/** What the daemon answers to a hook that shows this token. */
async function knock(hook: string, token: string): Promise<string> {
  const socket = connect(join(given.settings.runDirectory, "hooks", "hooks.sock"));
  socket.write(Buffer.concat([encodePacket(`token=${token}`), encodePacket(`hook=${hook}`), FLUSH]));
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return answer.toString();
}
