/** nginx with one worker, as the peer (a proxy with our headers and our log line) and as the app behind both. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Server {
  readonly port: number;
  /** The process that does the work. */
  workerPid(): number;
  stop(): Promise<void>;
}

/** Where the proxies' own listeners and what is behind them are. */
export interface ProxyPorts {
  readonly port: number;
  readonly tlsPort: number;
  readonly upstreamPort: number;
}

/** PEM, one after the other in haproxy's file. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** Bytes of the large answer. */
export const LARGE_BYTES = 100_000;

const UPSTREAM_CONNECTIONS = 512;

/** Answers as a small Express app does, without its cost; /large is a file, and /sink takes any body. */
export function startUpstream(directory: string, port: number): Promise<Server> {
  const root = join(directory, "upstream");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "large"), Buffer.alloc(LARGE_BYTES, "x"));
  return start(root, {
    http: `access_log off; open_file_cache max=10; client_max_body_size 0; client_body_buffer_size 64k;
      server { listen 127.0.0.1:${port} backlog=4096; add_header ETag 'W/"d-abc"'; default_type "text/html; charset=utf-8";
        location / { return 200 "Hello, world!"; } location = /large { root ${root}; } }`,
    port,
  });
}

export function startProxy(directory: string, { port, tlsPort, upstreamPort }: ProxyPorts, { certificate, key }: Pair): Promise<Server> {
  mkdirSync(join(directory, "proxy"), { recursive: true });
  writeFileSync(join(directory, "proxy/cert.pem"), certificate);
  writeFileSync(join(directory, "proxy/key.pem"), key);
  const line =
    '$time_iso8601 stdout F at=info method=$request_method path="$request_uri" host=$http_host request_id=$request_id ' +
    'fwd="$remote_addr" dyno=web.1 connect=$upstream_connect_time service=$upstream_response_time status=$status bytes=$body_bytes_sent protocol=$scheme';
  return start(join(directory, "proxy"), {
    port,
    http: `
      client_max_body_size 0; proxy_request_buffering off;
      log_format line escape=default '${line}';
      access_log ${join(directory, "proxy")}/access.log line buffer=64k flush=100ms;
      upstream app { server 127.0.0.1:${upstreamPort}; keepalive ${UPSTREAM_CONNECTIONS}; keepalive_requests 1000000000; }
      map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
      server { listen 127.0.0.1:${port} backlog=4096; listen 127.0.0.1:${tlsPort} ssl backlog=4096;
      ssl_certificate cert.pem; ssl_certificate_key key.pem; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:10m;
      location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-Start $msec;
      proxy_set_header Via "1.1 nginx"; } }`,
  });
}

async function start(directory: string, { http, port }: { readonly http: string; readonly port: number }): Promise<Server> {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(" ");
  writeFileSync(
    join(directory, "nginx.conf"),
    `user root; worker_processes 1; daemon off; pid ${directory}/pid; error_log ${directory}/error.log;
    worker_rlimit_nofile 20000; events { worker_connections 20000; }
    http {
      ${temporary} tcp_nodelay on; keepalive_timeout 75s; keepalive_requests 1000000000; server_tokens off;
      ${http}
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
