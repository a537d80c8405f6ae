import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { givenWorkingCopy, type WorkingCopy } from "../../support/working-copy.ts";
import { BLOG, type GivenOptions, type GivenReceiver, givenReceiver } from "./given-receiver.ts";

let given: GivenReceiver;
afterEach(() => given.stop());

async function givenPusher(options: GivenOptions = {}, app = "blog"): Promise<WorkingCopy> {
  given = await givenReceiver(options);
  return givenWorkingCopy({
    client: given.client,
    app,
    directory: join(given.directory, "work"),
    remoteUrl: given.remote(app),
    domain: "localhost",
    content: { "index.html": "v1" },
  });
}

describe("a push over SSH", () => {
  test("reaches control with app, identity, ref and commit, and moves nothing by itself", async () => {
    const work = await givenPusher();
    const commit = await work.commit();
    const pushed = await work.push();
    expect(pushed.output).toContain("* [new branch]");
    expect(pushed.code).toBe(0);
    expect(given.pushes).toHaveLength(1);
    expect(given.pushes[0]).toMatchObject({
      app: "blog",
      identity: { name: "alice", via: "ssh", role: "admin", from: "127.0.0.1" },
      updates: [{ ref: "refs/heads/main", oldCommit: null, newCommit: commit }],
      options: [],
    });
    expect(await given.repositories.head(BLOG, "main" as never)).toBe(commit);
  });
});
