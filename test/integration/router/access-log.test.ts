import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EnvironmentName } from "../../../core/index.ts";
import { eventually } from "../../support/eventually.ts";
import { GET, givenApp, givenRouter, POST, speak } from "./rig.ts";

const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z stdout F at=\w+ /;

describe("the router's log", () => {
  it("has one line for each request, in the format of the instances' logs", async () => {
    await using app = await givenApp((request, response) => {
      request.resume();
      response.end("hello, world!");
    });
    await using rig = await givenRouter();
    rig.route([app.address], { environment: "blog@feature/x" as EnvironmentName });
    const file = join(rig.directory, "blog%40feature%2Fx.log");
    await speak(rig.port, GET("/a", "X-Request-Id: 0123456789-0123456789") + POST("x=1", "Content-Length: 3"), /world!.*world!$/s);
    const lines = await eventually("two lines", async () => {
      const text = await readFile(file, "utf8").catch(() => "");
      return text.split("\n").length === 3 && text.trim().split("\n");
    });
    for (const line of lines) expect(line).toMatch(LINE);
    expect(lines[0]).toMatch(
      /at=info method=GET path="\/a" host=blog\.localhost request_id=0123456789-0123456789 fwd="127\.0\.0\.1" dyno=web\.1 connect=\d+ms service=\d+ms status=200 bytes=13 protocol=http$/,
    );
    expect(lines[1]).toContain("method=POST");
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  it("cannot be given a line or a field by a client", async () => {
    await using app = await givenApp((_, response) => response.end("ok"));
    await using rig = await givenRouter();
    rig.route([app.address]);
    await speak(rig.port, GET('/"%0aat=error\u00e9', 'X-Request-Id: 0123456789-0123456789" at=error'), /\r\n\r\n/);
    const log = await eventually("a line", () => readFile(join(rig.directory, "blog.log"), "utf8").catch(() => null));
    expect(log.split("\n")).toHaveLength(2);
    expect(log).toContain('path="/\\"%0aat=error\\xe9" host=');
    expect(log).toMatch(/request_id=[0-9a-f-]{36} /);
  });

  it("is rotated once it is full, without losing a line", async () => {
    await using app = await givenApp((request, response) => response.end(request.url === "/last" ? "last" : "ok"));
    await using rig = await givenRouter({ maxLogFileBytes: 20_000 });
    rig.route([app.address]);
    const count = async (name: string) => (await readFile(join(rig.directory, name), "utf8").catch(() => "")).split("\n").length - 1;
    for (let batch = 0; batch < 2; batch++) {
      await speak(rig.port, GET("/").repeat(59) + GET("/last"), /last$/);
      await eventually("the batch", async () => (await count("blog.log")) + (await count("blog.log.1")) === 60 * (batch + 1));
    }
    // Where it is cut depends on how many lines were written at once; neither part is longer than allowed.
    const [older, newer] = [await count("blog.log.1"), await count("blog.log")];
    expect(older + newer).toBe(120);
    expect(Math.min(older, newer)).toBeGreaterThan(0);
    expect((await stat(join(rig.directory, "blog.log.1"))).size).toBeLessThanOrEqual(20_000);
  });

  it("of a removed environment does not come back", async () => {
    await using app = await givenApp((request, response) => setTimeout(() => response.end("ok"), request.url === "/slow" ? 200 : 0));
    await using rig = await givenRouter();
    rig.route([app.address]);
    const slow = speak(rig.port, GET("/slow"), /ok$/);
    await speak(rig.port, GET("/"), /ok$/);
    rig.router.apply({ version: 99, routes: [] });
    await slow;
    await rig.router.close(0);
    expect(existsSync(join(rig.directory, "blog.log"))).toBe(false);
  });
});
