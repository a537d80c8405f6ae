/** `GET /metrics` for a Prometheus on this machine; main.ts binds it to loopback only. */
import { createServer, type Server } from "node:http";

export function createMetricsServer(render: () => string): Server {
  return createServer((request, response) => {
    if (request.url !== "/metrics" || (request.method !== "GET" && request.method !== "HEAD")) {
      response.writeHead(404, { "content-type": "text/plain" }).end("GET /metrics\n");
      return;
    }
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(render());
  });
}
