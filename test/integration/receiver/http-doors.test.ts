/** Every door of git over HTTP but the three of the protocol is shut, and nothing at all opens without a token (facts.md, defects 1 and 2). */
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Front, givenFront } from "./front.ts";
import { BLOG, type GivenReceiver, givenReceiver, TOKEN } from "./given-receiver.ts";

const METHODS = ["get", "head", "post", "put", "patch", "delete", "options"] as const;
const PATHS = [
  "/git/blog.git/HEAD",
  "/git/blog.git/config",
  "/git/blog.git/objects/info/packs",
  "/git/new.git/HEAD",
  "/git/blog.git/git-upload-archive",
  "/git/blog.git/info/refs?service=git-upload-archive",
  "/git/",
  "/",
];

describe("git over HTTP", () => {
  let given: GivenReceiver;
  let front: Front;
  beforeAll(async () => {
    given = await givenReceiver();
    front = await givenFront({ socketPath: given.httpSocket });
    await given.repositories.ensure(BLOG);
  });
  afterAll(async () => {
    await front?.close();
    await given?.stop();
  });

  const agent = () => request(`http://127.0.0.1:${front.port}`);

  test.each([...PATHS, "/git/blog.git/info/refs?service=git-receive-pack", "/git/blog.git/git-receive-pack"])(
    "asks for a token at %s, whatever the method",
    async (path) => {
      for (const method of METHODS) {
        const answer = await agent()[method](path);
        expect([method, answer.status]).toEqual([method, 401]);
        expect(answer.headers["www-authenticate"]).toContain("Basic");
      }
    },
  );

  test.each(PATHS)("has nothing at %s, whatever the method, for the holder of a token either", async (path) => {
    for (const method of METHODS) {
      const answer = await agent()[method](path).auth("git", TOKEN);
      expect(answer.status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
      expect(answer.status, `${method} ${path}`).toBeLessThan(500);
    }
    expect(await given.repositories.exists("new" as typeof BLOG)).toBe(false);
  });
});
