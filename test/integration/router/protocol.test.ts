import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { GET, givenApp, givenRouter, givenServer, hear, POST, speak } from "./rig.ts";

describe("a request goes through", () => {
  it("with its headers, and comes back with the app's", async () => {
    await using app = await givenApp((request, response) => {
      response.setHeader("Set-Cookie", ["a=1", "b=2"]).end(JSON.stringify({ url: request.url, headers: request.headers }));
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const answer = await speak(
      rig.port,
      GET("/x?y=%20", "X-Request-Id: my-own-request-id-0001", "X-Forwarded-For: 6.6.6.6", "Connection: close"),
    );
    expect(answer).toContain("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
    const seen = JSON.parse(answer.split("\r\n\r\n")[1] ?? "");
    expect(seen).toMatchObject({
      url: "/x?y=%20",
      headers: {
        host: "blog.localhost",
        "x-request-id": "my-own-request-id-0001",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        via: "1.1 pushboat",
      },
    });
    expect(Number(seen.headers["x-request-start"])).toBeGreaterThan(Date.now() - 10_000);
  });

  it("one after the other on one connection, pipelined ones in order, over one connection to the app", async () => {
    await using app = await givenApp(async (request, response) => {
      await sleep(request.url === "/1" ? 50 : 0);
      response.end(`<${request.url}>`);
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const answer = await speak(rig.port, `${GET("/1")}\r\n${POST("x=1", "Content-Length: 3").replace("/", "/2")}${GET("/3")}`, /<\/3>/);
    expect([...answer.matchAll(/<(\S+)>/g)].map((match) => match[1])).toEqual(["/1", "/2", "/3"]);
    expect(app.accepted()).toBe(1);
  });

  it("byte by byte too", async () => {
    await using app = await givenApp(async (request, response) => {
      for await (const chunk of request) response.write(chunk);
      response.end();
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = connect({ port: rig.port, host: "127.0.0.1", noDelay: true });
    const heard = hear(socket, /0\r\n\r\n$/);
    for (const byte of POST("3;ext\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n", "Transfer-Encoding: chunked")) {
      socket.write(byte);
      await sleep(0);
    }
    expect((await heard).split("\r\n\r\n")[1]?.replace(/\r\n|\d/g, "")).toMatch(/^abcde/);
    socket.destroy();
  });

  it("with HEAD, 204 and 304 without a body, and the connection goes on", async () => {
    await using app = await givenApp((request, response) => {
      if (request.url === "/204") response.writeHead(204).end();
      else if (request.url === "/304") response.writeHead(304, { ETag: '"x"' }).end();
      else response.setHeader("Content-Length", 6).end("a body");
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const answer = await speak(rig.port, GET("/").replace("GET", "HEAD") + GET("/204") + GET("/304") + GET("/last"), /a body$/);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 204", "HTTP/1.1 304", "HTTP/1.1 200"]);
    expect(answer.match(/Content-Length: 6/g)).toHaveLength(2);
    expect(answer.match(/a body/g)).toHaveLength(1);
  });

  it("with an answer that ends with the connection, which HTTP/1.1 clients get in chunks", async () => {
    await using app = await givenServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nuntil the end"));
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    expect(await speak(rig.port, GET("/"), /0\r\n\r\n$/)).toContain("Transfer-Encoding: chunked\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n");
  });

  it("for an HTTP/1.0 client, unframed, and the connection closes", async () => {
    await using app = await givenApp((_, response) => {
      response.write("in ");
      response.end("chunks");
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const answer = await speak(rig.port, "GET / HTTP/1.0\r\nHost: blog.localhost\r\nConnection: keep-alive\r\n\r\n");
    expect(answer).toMatch(/\r\n\r\nin chunks$/);
    expect(answer).not.toMatch(/transfer-encoding|keep-alive/i);
  });

  it("with 100-continue: the app's word reaches the client before it sends its body", async () => {
    await using app = await givenApp(async (request, response) => {
      for await (const chunk of request) response.write(chunk);
      response.end();
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = connect(rig.port, "127.0.0.1");
    socket.write(POST("", "Content-Length: 5", "Expect: 100-continue"));
    expect(await hear(socket, /\r\n\r\n/)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    const rest = hear(socket, /0\r\n\r\n$/);
    socket.write("hello");
    expect(await rest).toContain("5\r\nhello\r\n");
    socket.destroy();
  });

  it("with early hints", async () => {
    await using app = await givenApp((_, response) => {
      response.writeEarlyHints({ link: "</a.css>; rel=preload" });
      response.end("done");
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    expect(await speak(rig.port, GET("/"), /done$/)).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/i,
    );
  });

  it("without the trailers of the app's answer, but for clients that want them", async () => {
    await using app = await givenApp((_, response) => {
      response.setHeader("Trailer", "X-Sum");
      response.write("body");
      response.addTrailers({ "X-Sum": "1" });
      response.end();
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const answer = await speak(rig.port, GET("/"), /0\r\n\r\n$/);
    expect(answer).not.toContain("X-Sum");
    // With them for who says that it takes them; and the connection is in step afterwards.
    const wanted = await speak(rig.port, GET("/", "TE: trailers", "Connection: TE").repeat(2), /X-Sum: 1\r\n\r\n.*X-Sum: 1\r\n\r\n$/s);
    expect(wanted.match(/Trailer: X-Sum\r\n.*?\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n/gs)).toHaveLength(2);
    expect(app.accepted()).toBe(1);
  });

  it("for a part of a file: ranges go on, and so does their answer, multipart too", async () => {
    const file = "0123456789";
    await using app = await givenApp(({ headers }, response) => {
      const [, first = "", last = ""] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
      if (headers.range === "bytes=0-1,8-9") {
        response.writeHead(206, { "Content-Type": "multipart/byteranges; boundary=x" });
        response.end("--x\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--x\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--x--\r\n");
      } else if (headers["if-range"] !== '"v1"') response.end(file);
      else if (Number(first) > 9) response.writeHead(416, { "Content-Range": "bytes */10" }).end();
      else response.writeHead(206, { "Content-Range": `bytes ${first}-${last}/10` }).end(file.slice(Number(first), Number(last) + 1));
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const ask = (...lines: string[]) => speak(rig.port, GET("/", ...lines, "Connection: close"));
    expect(await ask("Range: bytes=2-4", 'If-Range: "v1"')).toMatch(
      /^HTTP\/1.1 206 .*\r\nContent-Range: bytes 2-4\/10\r\n.*\r\n\r\n(3\r\n)?234/s,
    );
    expect(await ask("Range: bytes=2-4", 'If-Range: "v2"')).toMatch(/^HTTP\/1.1 200 .*0123456789/s);
    expect(await ask("Range: bytes=50-60", 'If-Range: "v1"')).toMatch(/^HTTP\/1.1 416 .*\r\nContent-Range: bytes \*\/10\r\n/s);
    expect(await ask("Range: bytes=0-1,8-9")).toMatch(
      /multipart\/byteranges; boundary=x\r\n.*01\r\n--x\r\nContent-Range: bytes 8-9\/10\r\n\r\n89/s,
    );
  });

  it("never with a line that is folded or a body of two lengths", async () => {
    await using app = await givenApp((_, response) => response.end("ok"));
    await using rig = await givenRouter();
    rig.route([app.address]);
    for (const lines of [["X-A: 1", " 2"], ["X-A: 1", "\tX-B: 2"], [" Content-Length: 1"], ["Content-Length: 1", "Content-Length: 2"]]) {
      expect(await speak(rig.port, GET("/", ...lines), /\r\n\r\n/)).toMatch(/^HTTP\/1.1 400 /);
    }
    expect(app.accepted()).toBe(0);
  });

  it("and answers early: a client that still sends its body gets the answer, and the next request is read in step", async () => {
    await using app = await givenApp((request, response) => {
      request.resume();
      response.end(`<${request.url}>`);
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = connect(rig.port, "127.0.0.1");
    socket.write(POST("", "Content-Length: 5"));
    expect(await hear(socket, /<\/>/)).toContain("200 OK");
    socket.write(`hello${GET("/second")}`);
    expect(await hear(socket, /<\/second>/)).toContain("200 OK");
    socket.destroy();
  });

  it("for a client that has closed its sending side", async () => {
    await using app = await givenApp(async (_, response) => {
      await sleep(300);
      response.end("late");
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = connect({ port: rig.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end(GET("/"));
    expect(await hear(socket)).toMatch(/late$/);
  });
});

describe("large bodies", () => {
  const MB = 1024 * 1024;

  it("stream both ways unchanged in constant memory", async () => {
    const size = 200 * MB;
    await using app = await givenApp((request, response) => {
      response.setHeader("Content-Length", String(size));
      request.pipe(response);
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const piece = randomBytes(MB);
    const sent = createHash("sha256");
    const received = createHash("sha256");
    let most = 0;
    const before = process.memoryUsage().rss;
    const outgoing = request({
      port: rig.port,
      host: "127.0.0.1",
      method: "PUT",
      headers: { Host: "blog.localhost", "Content-Length": size },
    });
    const answered = once(outgoing, "response");
    const sending = (async () => {
      for (let i = 0; i < 200; i++) {
        sent.update(piece);
        most = Math.max(most, process.memoryUsage().rss);
        if (!outgoing.write(piece)) await once(outgoing, "drain");
      }
      outgoing.end();
    })();
    const [answer] = await answered;
    for await (const chunk of answer) received.update(chunk);
    await sending;
    expect(received.digest("hex")).toBe(sent.digest("hex"));
    expect((most - before) / MB).toBeLessThan(120);
  });

  it("of several slow clients at once are never mixed up", async () => {
    const size = 12 * MB;
    await using app = await givenApp((request, response) => {
      const letter = request.url?.at(1) ?? "?";
      response.setHeader("Content-Length", size).end(Buffer.alloc(size, letter));
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const download = async (letter: string) => {
      const socket = connect(rig.port, "127.0.0.1");
      socket.write(GET(`/${letter}`, "Connection: close"));
      let [body, wrong] = [0, 0];
      let head = true;
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        const bytes = head ? chunk.subarray(chunk.indexOf("\r\n\r\n") + 4) : chunk;
        head = false;
        body += bytes.length;
        wrong += bytes.length - bytes.filter((byte) => byte === letter.charCodeAt(0)).length;
        await sleep(1);
      }
      return [body, wrong];
    };
    expect(await Promise.all([..."abcdef"].map(download))).toEqual(Array(6).fill([size, 0]));
  });

  it("wait for a slow client instead of filling memory, and for a slow app likewise", async () => {
    let written = 0;
    await using app = await givenApp(async (request, response) => {
      if (request.method === "POST") return; // reads nothing
      for (let i = 0; i < 400 && !response.destroyed; i++) {
        written += MB;
        if (!response.write(Buffer.alloc(MB))) await Promise.race([once(response, "drain"), once(response, "close")]);
      }
      response.end();
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const slow = connect(rig.port, "127.0.0.1");
    slow.write(GET("/"));
    slow.pause();
    await sleep(700);
    expect(written / MB).toBeLessThan(40);
    slow.destroy();

    const eager = connect(rig.port, "127.0.0.1");
    eager.on("error", () => {});
    eager.write(POST("", `Content-Length: ${400 * MB}`));
    let accepted = 0;
    for (let i = 0; i < 100 && eager.writableLength < 8 * MB; i++) {
      eager.write(Buffer.alloc(MB));
      accepted = eager.bytesWritten - eager.writableLength;
      await sleep(5);
    }
    expect(accepted / MB).toBeLessThan(40);
    eager.destroy();
  });
});

describe("streams", () => {
  it("are not held back: each event arrives when it is sent", async () => {
    await using app = await givenApp(async (_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      for (let i = 0; i < 3; i++) {
        response.write(`data: ${i}\n\n`);
        await sleep(100);
      }
      response.end();
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = connect(rig.port, "127.0.0.1");
    const arrivals: number[] = [];
    socket.on("data", (chunk) => {
      for (const _ of String(chunk).matchAll(/data: /g)) arrivals.push(performance.now());
    });
    socket.write(GET("/"));
    await eventually("three events", async () => arrivals.length === 3, 3_000);
    expect((arrivals[2] ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThan(150);
    socket.destroy();
  });

  it("of 200 clients that went away leave no connection to the app", async () => {
    await using app = await givenApp((_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: hello\n\n");
    });
    await using rig = await givenRouter({ limits: { halfClosedMs: 200 } });
    rig.route([app.address]);
    const clients = Array.from({ length: 200 }, () => connect(rig.port, "127.0.0.1"));
    await Promise.all(
      clients.map((client) => {
        client.write(GET("/"));
        return hear(client, /data: hello/);
      }),
    );
    expect(rig.router.inFlight()).toEqual({ [app.address]: 200 });
    clients.forEach((client, i) => {
      if (i % 2 === 0) client.destroy();
      else client.resetAndDestroy();
    });
    await eventually("no connection to the app", async () => (await app.connections()) === 0, 5_000);
    expect(rig.router.inFlight()).toEqual({});
  });
});
