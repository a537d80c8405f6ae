/** The app behind the extremes, in a process of its own: small answers, /download?bytes=N, any upload, and WebSockets that say nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { freePorts } from "../../test/support/free-ports.ts";
import { untilListens } from "./nginx.ts";

const SERVER = `
const { createServer } = require("node:http");
const piece = Buffer.alloc(256 * 1024, 120);
const server = createServer((request, response) => {
  const bytes = Number(/^\\/download\\?bytes=(\\d+)$/.exec(request.url)?.[1] ?? 0);
  if (bytes > 0) {
    response.writeHead(200, { "content-length": bytes });
    let left = bytes;
    const more = () => {
      while (left > 0) {
        const size = Math.min(left, piece.length);
        left -= size;
        if (!response.write(size === piece.length ? piece : piece.subarray(0, size))) return response.once("drain", more);
      }
      response.end();
    };
    return more();
  }
  let got = 0;
  request.on("data", (chunk) => { got += chunk.length; });
  request.on("end", () => response.end(request.method === "GET" ? "hello" : String(got)));
});
server.on("upgrade", (request, socket) => {
  socket.on("error", () => {});
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\n\\r\\n");
});
server.keepAliveTimeout = 60000;
server.listen(Number(process.argv[1]), "127.0.0.1", 4096);
`;

export interface BenchApp {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startApp(): Promise<BenchApp> {
  const [port = 0] = await freePorts(1);
  const child = spawn(process.execPath, ["-e", SERVER, String(port)], { stdio: ["ignore", "ignore", "inherit"] });
  await untilListens(port);
  return {
    port,
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}
