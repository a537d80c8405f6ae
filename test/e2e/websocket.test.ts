/** WebSockets through the router, also while a new version takes over. */

import { Agent, WebSocket } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenPlatform, type Platform } from "../support/platform.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("a WebSocket", () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "3000" } });
    app = await platform.givenApp("websocket-echo", { app: "chat" });
    await app.mustPush();
  });
  afterAll(() => platform?.stop());

  it("is upgraded and echoes, text and a megabyte", async () => {
    const socket = await connect(platform);
    expect(await socket.next()).toBe("welcome v1");
    socket.send("hello");
    expect(await socket.next()).toBe("v1: hello");
    socket.send("x".repeat(1_000_000));
    expect(await socket.next()).toHaveLength(1_000_004);
    socket.close();
  });

  it("stays up while a new version takes over, is told to go, and finds the new version when it reconnects", async () => {
    const socket = await connect(platform);
    expect(await socket.next()).toBe("welcome v1");
    app.write("version.js", 'export default "v2";\n');
    const pushing = app.push();
    const closed = socket.closed;
    expect((await pushing).code).toBe(0);
    const { code } = await closed;
    expect(code).toBe(1001);
    const again = await connect(platform);
    expect(await again.next()).toBe("welcome v2");
    again.close();
  });
});

async function connect(platform: Platform) {
  // *.localhost is loopback by RFC 6761, but not every resolver knows.
  const dispatcher = new Agent({
    connect: { lookup: (_name, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]) },
  });
  const socket = new WebSocket(`ws://chat.localhost:${platform.ports.http}/`, { dispatcher });
  const waiting: string[] = [];
  let wake: (() => void) | null = null;
  const closed = new Promise<{ code: number }>((resolve) => socket.addEventListener("close", ({ code }) => resolve({ code })));
  socket.addEventListener("message", ({ data }) => {
    waiting.push(String(data));
    wake?.();
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the WebSocket did not open")));
  });
  return {
    send: (text: string) => socket.send(text),
    close: () => socket.close(),
    closed,
    next: async (): Promise<string> => {
      while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return waiting.shift() as string;
    },
  };
}
