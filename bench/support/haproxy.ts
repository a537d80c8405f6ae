/** haproxy with one thread, as a peer: our headers, our log line, keep-alive to the app. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Pair, type ProxyPorts, type Server, untilListens } from "./nginx.ts";

export async function startHaproxy(
  parent: string,
  { port, tlsPort, upstreamPort }: ProxyPorts,
  { certificate, key }: Pair,
): Promise<Server> {
  const directory = join(parent, "haproxy");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "pair.pem"), certificate + key, { mode: 0o600 });
  const line =
    'at=info method=%HM path="%HU" host=%[capture.req.hdr(0)] request_id=%ID fwd="%ci" dyno=web.1 connect=%Tc service=%Tr status=%ST bytes=%B protocol=http';
  writeFileSync(
    join(directory, "haproxy.cfg"),
    `global
  nbthread 1
  maxconn 9000
  log stdout format raw local0
  tune.ssl.cachesize 20000
defaults
  mode http
  log global
  timeout client 75s
  timeout server 55s
  timeout connect 5s
  timeout http-request 30s
  timeout tunnel 1h
  http-reuse always
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  bind 127.0.0.1:${tlsPort} ssl crt ${directory}/pair.pem ssl-min-ver TLSv1.2 backlog 4096
  capture request header Host len 64
  unique-id-format %{+X}o%ci%cp%Ts%rt
  log-format '${line}'
  http-request set-header X-Request-Id %[unique-id]
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Request-Start %[date(0,ms)]
  http-request set-header Via "1.1 haproxy"
  default_backend app
backend app
  server web1 127.0.0.1:${upstreamPort} pool-max-conn 512
`,
  );
  const log = openSync(join(directory, "access.log"), "a");
  const child = spawn("haproxy", ["-db", "-f", join(directory, "haproxy.cfg")], { stdio: ["ignore", log, "inherit"] });
  await untilListens(port);
  return {
    port,
    workerPid: () => child.pid ?? 0,
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      // Its soft stop waits for clients; nothing here is worth that.
      child.kill("SIGINT");
      await exited;
    },
  };
}
