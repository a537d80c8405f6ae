import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findUnixUser } from "../../../unix-user.ts";
import { givenWorkingCopy, type WorkingCopy } from "../../support/working-copy.ts";
import { BLOG, type GivenReceiver, givenReceiver } from "./given-receiver.ts";

let given: GivenReceiver;
let work: WorkingCopy;
beforeEach(async () => {
  given = await givenReceiver();
  work = await givenWorkingCopy({
    client: given.client,
    app: "blog",
    directory: join(given.directory, "work"),
    remoteUrl: given.remote(),
    domain: "localhost",
    content: { "index.html": "v1" },
  });
});
afterEach(() => given.stop());

const branch = (name: string): never => name as never;

describe("repositories", () => {
  test("are made once, also by ten at the same moment, and belong to the git user", async () => {
    expect(await given.repositories.exists(BLOG)).toBe(false);
    await Promise.all(Array.from({ length: 10 }, () => given.repositories.ensure(BLOG)));
    expect(await given.repositories.exists(BLOG)).toBe(true);
    expect(readdirSync(join(given.settings.dataDirectory, "repositories"))).toEqual(["blog.git"]);
    const { uid, mode } = statSync(given.repositories.path(BLOG));
    expect(uid).toBe(findUnixUser("pushboat-git").uid);
    expect(mode & 0o777).toBe(0o700);
  });

  test("are removed whole, and removing what is not there does nothing", async () => {
    await given.repositories.ensure(BLOG);
    await given.repositories.remove(BLOG);
    await given.repositories.remove(BLOG);
    expect(existsSync(given.repositories.path(BLOG))).toBe(false);
    expect(readdirSync(join(given.settings.dataDirectory, "repositories"))).toEqual([]);
  });

  test("move, show and delete heads; doing it again changes nothing", async () => {
    const commit = (await work.commit()) as never;
    await work.push("main");
    expect(await given.repositories.head(BLOG, branch("feature/x"))).toBeNull();
    await given.repositories.setHead(BLOG, branch("feature/x"), commit);
    await given.repositories.setHead(BLOG, branch("feature/x"), commit);
    expect(await given.repositories.head(BLOG, branch("feature/x"))).toBe(commit);
    await given.repositories.deleteHead(BLOG, branch("feature/x"));
    await given.repositories.deleteHead(BLOG, branch("feature/x"));
    expect(await given.repositories.head(BLOG, branch("feature/x"))).toBeNull();
  });

  test("refuse a commit that is not there, and say which", async () => {
    await given.repositories.ensure(BLOG);
    await expect(given.repositories.setHead(BLOG, branch("main"), "a".repeat(40) as never)).rejects.toThrow("aaaaaaaa");
  });

  test("tell clients which branch is the default", async () => {
    await work.push("trunk");
    await given.repositories.setDefaultBranch(BLOG, branch("trunk"));
    const clone = join(given.directory, "clone");
    await given.client.git(["clone", "-q", given.remote(), clone]);
    expect((await given.client.git(["branch", "--show-current"], { cwd: clone })).stdout).toBe("trunk\n");
  });

  test("keep a pinned commit that no branch has, hidden from clients", async () => {
    const commit = (await work.commit()) as never;
    await work.push("main");
    await given.repositories.pin(BLOG, "blog@feature-x/12", commit);
    await given.repositories.deleteHead(BLOG, branch("main"));
    const inside = (...argv: string[]) => work.git(["-c", "safe.directory=*", "-C", given.repositories.path(BLOG), ...argv]);
    expect((await inside("for-each-ref", "--format=%(refname)")).stdout).toBe("refs/pushboat/releases/blog@feature-x/12\n");
    expect((await work.git(["ls-remote", "pushboat"])).stdout).toBe("");
    await given.repositories.pin(BLOG, "blog@feature-x/12", null);
    expect((await inside("for-each-ref")).stdout).toBe("");
  });

  test.each(["..", "../x", "/etc", "a/b", "UPPER", "x".repeat(200), "", "-rf", "a\0b"])(
    "have no path for %j, even where it was cast to a name",
    (name) => {
      expect(() => given.repositories.path(name as never)).toThrow("is not a name for an app");
    },
  );

  test.each(["../../../etc/x", "-d", "a..b", "a b", ""])("pin nothing under %j", async (key) => {
    await given.repositories.ensure(BLOG);
    await expect(given.repositories.pin(BLOG, key, "a".repeat(40) as never)).rejects.toThrow("cannot name a pinned commit");
  });
});
