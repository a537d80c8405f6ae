import { createHash } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { HostName } from "../../../core/index.ts";
import { eventually } from "../../support/eventually.ts";
import { GET, givenApp, givenRouter, givenServer, hear } from "./rig.ts";

const HANDSHAKE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];

/** FIN and opcode 8, two bytes of payload: 0xe8 is 1000, 0xe9 is 1001. */
const closeFrame = (lowByte: number) => new RegExp(`${String.fromCharCode(0x88, 2, 3, lowByte)}$`);

/** Agrees to every handshake; what comes behind it is `onFrames`'s. */
const givenWebSocketApp = (onOpen: (write: (bytes: Buffer) => void) => void, onFrames: (bytes: Buffer, end: () => void) => void) =>
  givenServer((socket) => {
    socket.once("data", (data) => {
      const key = /sec-websocket-key: (\S+)/i.exec(String(data))?.[1];
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      onOpen((bytes) => socket.write(bytes));
      socket.on("data", (bytes) => onFrames(bytes, () => socket.end()));
    });
  });

describe("an instance that leaves the table", () => {
  it("has its WebSockets told 1001; the client's answer reaches the app, nothing else follows", async () => {
    const seen: Buffer[] = [];
    let write: (bytes: Buffer) => void = () => {};
    await using app = await givenWebSocketApp(
      (writer) => {
        write = writer;
      },
      (bytes, end) => {
        seen.push(bytes);
        // An app that knows nothing of the drain answers the client's close with its own.
        write(Buffer.from([0x88, 2, 0x03, 0xe9]));
        end();
      },
    );
    await using rig = await givenRouter();
    rig.route([app.address], { hosts: ["127.0.0.1" as HostName] });
    const client = new WebSocket(`ws://127.0.0.1:${rig.port}/`);
    const closed = new Promise<{ code: number; clean: boolean }>((resolve) => {
      client.onclose = ({ code, wasClean }) => resolve({ code, clean: wasClean });
    });
    await new Promise((resolve) => {
      client.onopen = resolve;
    });
    rig.route([], { hosts: ["127.0.0.1" as HostName] });
    expect(await closed).toEqual({ code: 1001, clean: true });
    // FIN and opcode 8, masked, two bytes.
    expect(Buffer.concat(seen).subarray(0, 2)).toEqual(Buffer.from([0x88, 0x82]));
    await eventually("nothing in flight", async () => Object.keys(rig.router.inFlight()).length === 0);
  });

  it("has a frame finished before the close frame, whatever its length and wherever it is cut", async () => {
    for (const bytes of [5, 200, 70_000]) {
      const head =
        bytes < 126
          ? [bytes]
          : bytes < 65_536
            ? [126, bytes >> 8, bytes & 255]
            : [127, 0, 0, 0, 0, 0, bytes >> 16, (bytes >> 8) & 255, bytes & 255];
      const frame = Buffer.concat([Buffer.from([0x82, ...head]), Buffer.alloc(bytes, 0x88)]);
      for (const cut of [1, 2, 3, frame.length - 1]) {
        let write: (part: Buffer) => void = () => {};
        await using app = await givenWebSocketApp(
          (writer) => {
            write = writer;
          },
          () => {},
        );
        await using rig = await givenRouter();
        rig.route([app.address]);
        const socket = connect(rig.port, "127.0.0.1");
        socket.on("error", () => {});
        socket.write(GET("/", ...HANDSHAKE));
        await hear(socket, /\r\n\r\n/);
        const heard = hear(socket, closeFrame(0xe9));
        write(frame.subarray(0, cut));
        await sleep(20);
        rig.route([]);
        write(Buffer.concat([frame.subarray(cut), Buffer.from([0x81, 1, 0x41])]));
        expect(await heard).toBe(`${frame.toString("latin1")}\x88\x02\x03\xe9`);
        socket.destroy();
      }
    }
  });

  it("that has sent a close frame itself gets no second one", async () => {
    let write: (bytes: Buffer) => void = () => {};
    await using app = await givenWebSocketApp(
      (writer) => {
        write = writer;
      },
      () => {},
    );
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = connect(rig.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(GET("/", ...HANDSHAKE));
    await hear(socket, /\r\n\r\n/);
    const heard = hear(socket, closeFrame(0xe8));
    write(Buffer.from([0x88, 2, 0x03, 0xe8]));
    await heard;
    let more = "";
    socket.on("data", (bytes) => {
      more += bytes.toString("latin1");
    });
    rig.route([]);
    await sleep(100);
    expect(more).toBe("");
    socket.destroy();
  });

  it("has its event streams ended behind a whole chunk, chunked or until the close, and its downloads finished", async () => {
    const seen = { closed: 0 };
    await using app = await givenApp((request, response) => {
      response.on("close", () => seen.closed++);
      if (request.url === "/file") {
        response.writeHead(200, { "content-type": "application/octet-stream" });
        response.write("first ");
        setTimeout(() => response.end("last"), 300);
        return;
      }
      if (request.url === "/close") response.removeHeader("transfer-encoding");
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      response.write("data: 1\n\n");
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const open = async (path: string) => {
      const socket = connect(rig.port, "127.0.0.1");
      socket.on("error", () => {});
      const first = hear(socket, /data: 1|first/);
      socket.write(GET(path));
      await first;
      return socket;
    };
    const streams = [await open("/events"), await open("/close")];
    const download = await open("/file");
    const ends = [...streams.map((socket) => hear(socket, /0\r\n\r\n$/)), hear(download, /last\r\n0\r\n\r\n$/)];
    await sleep(50);
    rig.route([]);
    for (const heard of await Promise.all(ends)) expect(heard).toMatch(/0\r\n\r\n$/);
    await eventually("nothing in flight", async () => Object.keys(rig.router.inFlight()).length === 0);
    await eventually("the app hears it", async () => seen.closed === 3);
    for (const socket of [...streams, download]) socket.destroy();
  });

  it("gets no event stream whose end would look like half a chunk", async () => {
    let write: (text: string) => void = () => {};
    await using app = await givenServer((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata:");
        write = (text) => socket.write(text);
      });
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = connect(rig.port, "127.0.0.1");
    socket.on("error", () => {});
    const first = hear(socket, /data:/);
    socket.write(GET("/"));
    await first;
    const rest = hear(socket, /0\r\n\r\n$/);
    rig.route([]);
    await sleep(50);
    write(" 1\n\n");
    write("\r\n");
    expect(await rest).toBe(" 1\n\n\r\n0\r\n\r\n");
    socket.destroy();
  });
});

describe("a router that ends", () => {
  it("tells WebSockets and event streams, and waits for its clients no longer than it was told", async () => {
    await using app = await givenApp(
      (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("data: 1\n\n");
      },
      (server) =>
        server.on("upgrade", (_, socket) => {
          socket.on("error", () => {});
          socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        }),
    );
    await using rig = await givenRouter();
    rig.route([app.address]);
    const [stream, socket] = [connect(rig.port, "127.0.0.1"), connect(rig.port, "127.0.0.1")];
    for (const each of [stream, socket]) each.on("error", () => {});
    const opened = [hear(stream, /data: 1/), hear(socket, /\r\n\r\n/)];
    stream.write(GET("/"));
    socket.write(GET("/", ...HANDSHAKE));
    await Promise.all(opened);
    await sleep(50);
    const told = [hear(stream, /0\r\n\r\n$/), hear(socket, closeFrame(0xe9))];
    // This client never answers the close frame: it is cut after the time.
    const closing = rig.router.close(300);
    await Promise.all(told);
    await closing;
    await eventually("cut", async () => socket.destroyed || socket.readableEnded);
    stream.destroy();
  });
});
