/** A Dockerfile by git push, and its image taken somewhere else: the whole way to live. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenPlatform, type Platform } from "../support/platform.ts";

describe("a Dockerfile", () => {
  let platform: Platform;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync("/var/tmp/pushboat-docker-");
    platform = await givenPlatform();
  });
  afterAll(async () => {
    await platform?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("is built, released and run as its USER; a changed line builds only what stands on it", async () => {
    const app = await platform.givenApp("docker-multistage", { app: "boxed" });
    await app.mustPush();
    const answer = await platform.expectHost("boxed.localhost").toAnswer("hello from a Dockerfile");
    expect(answer.body).toContain("user 1234");
    app.write("page.txt", "GREETING again\n");
    const pushed = await app.mustPush();
    expect(pushed.stderr).toMatch(/RUN useradd.*reused/);
    await platform.expectHost("boxed.localhost").toAnswer("hello again");
  });

  it("makes an image that can be exported, and released in another app from there, without a shell in it or a commit", async () => {
    const app = await platform.givenApp("docker-scratch", { app: "bare" });
    await app.mustPush();
    const answer = await platform.expectHost("bare.localhost").toAnswer("nothing but perl");
    expect(answer.body).toContain("user 4000");
    const layout = join(directory, "bare");
    expect((await platform.pushboat(["images:export", "bare", `oci:${layout}`])).code).toBe(0);
    expect((await platform.pushboat(["apps:create", "copy"])).code).toBe(0);
    const remote = await platform.ssh(`apps:deploy copy oci:${layout}`);
    expect(remote.output).toContain("so it is asked for there");
    const deployed = await platform.pushboat(["apps:deploy", "copy", `oci:${layout}`]);
    expect(deployed.output).toContain("v1");
    await platform.expectHost("copy.localhost").toAnswer("nothing but perl");
    expect((await platform.ssh("releases copy")).stdout).toContain("Deploy image oci:bare");
  });
});
