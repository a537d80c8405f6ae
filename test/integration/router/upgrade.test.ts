import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { HostName } from "../../../core/index.ts";
import { eventually } from "../../support/eventually.ts";
import { closedAddress, GET, givenApp, givenRouter, givenServer, hear, speak } from "./rig.ts";

const HANDSHAKE = [
  "Connection: keep-alive, Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];
const SWITCHED =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/** Switches, then echoes bytes. */
const echo = (onHead: (head: string, socket: Socket) => void = () => {}) =>
  givenServer((socket) => {
    socket.once("data", (head) => {
      onHead(head.toString("latin1"), socket);
      socket.write(`${SWITCHED}welcome`);
      socket.on("data", (data) => socket.write(data));
    });
  });

async function open(port: number, path = "/"): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(GET(path, ...HANDSHAKE));
  await hear(socket, /welcome/);
  return socket;
}

describe("a WebSocket", () => {
  it("is passed through in both directions, with the path and the headers as they came", async () => {
    let head = "";
    await using app = await echo((text) => {
      head = text;
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = await open(rig.port, "//a//b?x=%2F&y=[1]");
    const heard = hear(socket, /hello/);
    socket.write("hello");
    expect(await heard).toBe("hello");
    expect(head).toMatch(/^GET \/\/a\/\/b\?x=%2F&y=\[1\] HTTP\/1\.1\r\n/);
    expect(head).toMatch(/^host: blog\.localhost\r$/im);
    expect(head).toMatch(/^sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r$/im);
    expect(head).toMatch(/^x-forwarded-for: 127\.0\.0\.1\r$/im);
    expect(head.match(/^(connection|upgrade):/gim)).toHaveLength(2);
    socket.destroy();
  });

  it("works with a real WebSocket client", async () => {
    // RFC 6455: server frames are not masked; this app sends one text frame and a close frame.
    await using app = await givenServer((socket) => {
      socket.once("data", (data) => {
        const key = /sec-websocket-key: (\S+)/i.exec(String(data))?.[1];
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        socket.write(SWITCHED.replace(/Accept: \S+/, `Accept: ${accept}`));
        socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from("hello"), Buffer.from([0x88, 2, 0x03, 0xe8])]));
        // Its own close frame comes back.
        socket.once("data", () => socket.end());
      });
    });
    await using rig = await givenRouter();
    rig.route([app.address], { hosts: ["127.0.0.1" as HostName] });
    const heard: string[] = [];
    const client = new WebSocket(`ws://127.0.0.1:${rig.port}/`);
    client.onmessage = ({ data }) => heard.push(String(data));
    const code = await new Promise((resolve) => {
      client.onclose = (event) => resolve(event.code);
      client.onerror = () => resolve("error");
    });
    expect([heard, code]).toEqual([["hello"], 1000]);
  });

  it("gets the bytes that the client sent before the app had agreed", async () => {
    await using app = await givenServer((socket) => {
      socket.once("data", async () => {
        await sleep(100);
        socket.write(`${SWITCHED}welcome`);
        socket.on("data", (data) => socket.write(data));
      });
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = connect(rig.port, "127.0.0.1");
    socket.write(GET("/", ...HANDSHAKE));
    socket.write("early");
    expect(await hear(socket, /early/)).toContain("101 Switching Protocols");
    socket.destroy();
  });

  it("that the app refuses gets its answer, framed right, and the connection closes", async () => {
    await using app = await givenApp(
      () => {},
      (server) =>
        server.on("upgrade", (_, socket) => {
          socket.write("HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\nWWW-Authenticate: Basic\r\n\r\n5\r\nnope!\r\n0\r\n\r\n");
        }),
    );
    await using rig = await givenRouter();
    rig.route([app.address]);
    const answer = await speak(rig.port, GET("/", ...HANDSHAKE));
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nConnection: close\r\n\r\nnope!$/);
    await eventually("nothing in flight", async () => Object.keys(rig.router.inFlight()).length === 0);
  });

  it("to an app that closes without a word is H13, to one that never answers H12", async () => {
    await using closing = await givenServer((socket) => socket.on("data", () => socket.end()));
    await using silent = await givenServer(() => {});
    await using rig = await givenRouter({ limits: { firstByteMs: 200 } });
    rig.route([closing.address]);
    expect(await speak(rig.port, GET("/", ...HANDSHAKE), /<\/small>/)).toContain("H13");
    rig.route([silent.address]);
    expect(await speak(rig.port, GET("/", ...HANDSHAKE), /<\/small>/)).toContain("H12");
    await eventually("no connection to the app", async () => (await silent.connections()) === 0);
  });

  it("tries another instance when the connection is refused", async () => {
    await using app = await echo();
    await using rig = await givenRouter();
    for (let i = 0; i < 5; i++) {
      rig.route([await closedAddress(), app.address]);
      (await open(rig.port)).destroy();
    }
  });

  it("counts as in flight until it ends, and its end is logged once with 101", async () => {
    await using app = await echo();
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = await open(rig.port);
    rig.route([]);
    expect(rig.router.inFlight()).toEqual({ [app.address]: 1 });
    socket.destroy();
    await eventually("nothing in flight", async () => Object.keys(rig.router.inFlight()).length === 0);
    const log = await eventually("a log line", () => readFile(join(rig.directory, "blog.log"), "utf8").catch(() => null));
    expect(log.trim().split("\n")).toHaveLength(1);
    expect(log).toMatch(/at=info method=GET path="\/" .* dyno=web\.1 .* status=101 bytes=\d+ /);
  });
});

describe("no connection is left", () => {
  it("to an app that ignores FIN when its client is gone, with or without a reset", async () => {
    const ignoring = givenServer((socket) => {
      socket.once("data", () => socket.write(`${SWITCHED}welcome`));
      // It reads on, and never closes.
      socket.on("data", () => {});
    }, true);
    await using app = await ignoring;
    await using rig = await givenRouter();
    rig.route([app.address]);
    const clients = await Promise.all(Array.from({ length: 50 }, () => open(rig.port)));
    expect(await app.connections()).toBe(50);
    clients.forEach((client, i) => {
      if (i % 3 === 0) client.destroy();
      else if (i % 3 === 1) client.resetAndDestroy();
      else client.end();
    });
    await eventually("no connection to the app", async () => (await app.connections()) === 0, 5_000);
    expect(rig.router.inFlight()).toEqual({});
  });

  it("to a client when its app is gone", async () => {
    await using app = await echo((_, socket) => setTimeout(() => socket.resetAndDestroy(), 100));
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = await open(rig.port);
    await hear(socket);
    expect(socket.readableEnded || socket.destroyed).toBe(true);
    socket.destroy();
  });

  it("that has been idle for too long", async () => {
    await using app = await echo();
    await using rig = await givenRouter({ limits: { idleMs: 300 } });
    rig.route([app.address]);
    const socket = await open(rig.port);
    for (let i = 0; i < 4; i++) {
      await sleep(150);
      const heard = hear(socket, /x/);
      socket.write("x");
      await heard;
    }
    await hear(socket);
    await eventually("no connection to the app", async () => (await app.connections()) === 0);
  });
});
