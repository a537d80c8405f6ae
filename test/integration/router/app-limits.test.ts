import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { GET, givenApp, givenRouter, POST, speak } from "./rig.ts";

const HEAD_END = /\r\n\r\n/;

describe("limits of an app", () => {
  it("a body longer than max-body is refused with 413, announced or chunked; a shorter one passes", async () => {
    await using app = await givenApp((request, response) => request.resume().on("end", () => response.end("ok")));
    await using rig = await givenRouter();
    rig.route([app.address], { maxBodyBytes: 100 });
    expect(await speak(rig.port, POST("x".repeat(101), "Content-Length: 101"), /H84/)).toMatch(/^HTTP\/1.1 413 /);
    await eventually("the log says why", async () =>
      /^\S+ stdout F at=error code=H84 .* status=413 /m.test(await readFile(join(rig.directory, "blog.log"), "utf8")),
    );
    expect(app.accepted()).toBe(0);
    const chunked = POST(`96\r\n${"x".repeat(150)}\r\n0\r\n\r\n`, "Transfer-Encoding: chunked");
    expect(await speak(rig.port, chunked, HEAD_END)).toMatch(/^HTTP\/1.1 413 /);
    expect(await speak(rig.port, POST("x".repeat(100), "Content-Length: 100"), HEAD_END)).toMatch(/^HTTP\/1.1 200 /);
  });

  it("requests over max-requests are refused with 503 and H11, and taken again when one has ended", async () => {
    const waiting: (() => void)[] = [];
    await using app = await givenApp((request, response) => {
      if (request.url === "/slow") waiting.push(() => response.end("slow"));
      else response.end("ok");
    });
    await using rig = await givenRouter();
    rig.route([app.address], { maxRequests: 1 });
    const slow = connect(rig.port, "127.0.0.1");
    await once(slow, "connect");
    slow.write(GET("/slow"));
    await eventually("the slow request is with the app", async () => waiting.length === 1);
    expect(await speak(rig.port, GET("/"), /H11/)).toMatch(/^HTTP\/1.1 503 /);
    waiting[0]?.();
    await eventually("there is room again", async () => (await speak(rig.port, GET("/"), HEAD_END)).startsWith("HTTP/1.1 200 "));
    slow.destroy();
  });

  it("an address that is not in the list gets 403, one in a listed network is served", async () => {
    await using app = await givenApp((_, response) => response.end("ok"));
    await using rig = await givenRouter();
    rig.route([app.address], { allowedNetworks: ["203.0.113.7", "2001:db8::/32"] });
    expect(await speak(rig.port, GET("/"), HEAD_END)).toMatch(/^HTTP\/1.1 403 /);
    expect(app.accepted()).toBe(0);
    rig.route([app.address], { allowedNetworks: ["127.0.0.0/8"] });
    expect(await speak(rig.port, GET("/"), HEAD_END)).toMatch(/^HTTP\/1.1 200 /);
  });
});
