/** nginx with one worker, as the peer (a proxy with our headers and our log line) and as the app behind both. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Nginx {
  readonly port: number;
  /** The one that does the work. */
  workerPid(): number;
  stop(): Promise<void>;
}

const UPSTREAM_CONNECTIONS = 512;

/** Answers as a small Express app does, without its cost. */
export function startUpstream(directory: string, port: number): Promise<Nginx> {
  return start(join(directory, "upstream"), port, {
    http: "access_log off;",
    location: 'add_header ETag \'W/"d-abc"\'; default_type "text/html; charset=utf-8"; return 200 "Hello, world!";',
  });
}

export function startProxy(directory: string, port: number, upstreamPort: number): Promise<Nginx> {
  const line =
    '$time_iso8601 stdout F at=info method=$request_method path="$request_uri" host=$http_host request_id=$request_id ' +
    'fwd="$remote_addr" dyno=web.1 connect=$upstream_connect_time service=$upstream_response_time status=$status bytes=$body_bytes_sent protocol=$scheme';
  return start(join(directory, "proxy"), port, {
    http: `
      log_format line escape=default '${line}';
      access_log ${join(directory, "proxy")}/access.log line buffer=64k flush=100ms;
      upstream app { server 127.0.0.1:${upstreamPort}; keepalive ${UPSTREAM_CONNECTIONS}; keepalive_requests 1000000000; }`,
    location: `
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-Start $msec;
      proxy_set_header Via "1.1 nginx";`,
  });
}

async function start(
  directory: string,
  port: number,
  { http, location }: { readonly http: string; readonly location: string },
): Promise<Nginx> {
  mkdirSync(directory, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(" ");
  writeFileSync(
    join(directory, "nginx.conf"),
    `user root; worker_processes 1; daemon off; pid ${directory}/pid; error_log ${directory}/error.log;
    events { worker_connections 8192; }
    http {
      ${temporary} tcp_nodelay on; keepalive_timeout 75s; keepalive_requests 1000000000; server_tokens off;
      ${http}
      server { listen 127.0.0.1:${port} backlog=4096; location / { ${location} } }
    }`,
  );
  const child: ChildProcess = spawn("nginx", ["-p", directory, "-c", join(directory, "nginx.conf")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await untilListens(port);
  return {
    port,
    workerPid: () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0]),
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

export async function untilListens(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}
