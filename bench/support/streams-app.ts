/** The app that bench/zero-downtime deploys: answers, event streams, uploads and downloads, WebSockets; says so when it is asked after TERM. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Files } from "../../test/support/working-copy.ts";

const SERVER = `
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import version from "./version.js";

let told = false;
const server = createServer((request, response) => {
  if (told) { response.statusCode = 500; return response.end("asked after TERM"); }
  if (request.url === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write("data: " + version + "\\n\\n"), 250);
    return response.on("close", () => clearInterval(timer));
  }
  if (request.url === "/download") {
    response.writeHead(200, { "content-length": 20 * 16384 });
    let left = 20;
    const timer = setInterval(() => {
      left -= 1;
      if (left === 0) { clearInterval(timer); response.end(Buffer.alloc(16384, 100)); } else response.write(Buffer.alloc(16384, 100));
    }, 100);
    return response.on("close", () => clearInterval(timer));
  }
  let bytes = 0;
  request.on("data", (chunk) => { bytes += chunk.length; });
  request.on("end", () => response.end(request.method === "POST" ? String(bytes) : version));
});
const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(String(data))));
server.listen(Number(process.env.PORT));
process.on("SIGTERM", () => { told = true; server.close(() => process.exit(0)); for (const socket of sockets.clients) socket.terminate(); });
`;

const FIXTURE = join(import.meta.dirname, "../../test/fixtures/apps/websocket-echo");

export function streamsApp(): Files {
  const taken = ["package.json", "package-lock.json"].map((name) => [name, readFileSync(join(FIXTURE, name), "utf8")] as const);
  return { ...Object.fromEntries(taken), "server.js": SERVER, "version.js": 'export default "0";\n' };
}
