import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createRouterControl } from "../../../router/index.ts";

test("a router that takes the connection and says nothing is told of, and not waited for for ever", async () => {
  const runDirectory = mkdtempSync(join(tmpdir(), "silent-router-"));
  mkdirSync(join(runDirectory, "router"));
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(join(runDirectory, "router/router.sock"), resolve));
  const control = createRouterControl({
    settings: { runDirectory },
    log: pino({ level: "silent" }),
    routerUser: null,
    acknowledgeTimeoutMs: 100,
  });
  try {
    await expect(control.publish({ version: 1, routes: [] })).rejects.toMatchObject({ code: "router/not-acknowledged" });
  } finally {
    await control.close();
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(runDirectory, { recursive: true });
  }
});
