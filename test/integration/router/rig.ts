/** A router on a free port with real upstream servers beside it, and raw sockets to talk to it. */
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Route, RouteCondition, RouteTable } from "../../../core/index.ts";
import { createRouter, type Router, type RouterOptions } from "../../../router/router.ts";

export interface Rig extends AsyncDisposable {
  readonly router: Router;
  readonly port: number;
  readonly directory: string;
  readonly defects: unknown[];
  /** Makes `blog.localhost` answered by these addresses. */
  route(addresses: readonly string[], over?: Partial<Route>): void;
  condition(condition: RouteCondition, holdMs?: number): void;
}

let lastVersion = 0;

export async function givenRouter(options: Partial<RouterOptions> = {}): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), "router-"));
  const defects: unknown[] = [];
  const router = createRouter({
    domain: "paas.example",
    port: 8080,
    httpsPort: 8443,
    certificatesFile: join(directory, "certificates.json"),
    snapshotFile: join(directory, "routes.json"),
    pagesDirectory: join(directory, "pages"),
    gitSocket: join(directory, "git.sock"),
    logDirectory: directory,
    onDefect: (error) => defects.push(error),
    ...options,
  });
  const port = await listening(router.http);
  const route = (addresses: readonly string[], over: Partial<Route> = {}) => router.apply(givenTable(addresses, over));
  return {
    router,
    port,
    directory,
    defects,
    route,
    condition: (condition, holdMs = 0) => route([], { condition, holdMs }),
    async [Symbol.asyncDispose]() {
      await router.close(0);
      await rm(directory, { recursive: true });
    },
  };
}

export function givenTable(addresses: readonly string[], over: Partial<Route> = {}): RouteTable {
  const targets = addresses.map((address, i) => ({ instance: `web.${i + 1}`, address }));
  const route = { environment: "blog", hosts: ["blog.localhost"], condition: "up", targets, holdMs: 0, ...over };
  return { version: ++lastVersion, routes: [route as Route] };
}

export interface Upstream extends AsyncDisposable {
  readonly address: string;
  /** Connections that the kernel knows at its port: an app that does not look does not notice a reset. */
  connections(): Promise<number>;
  /** Accepted so far. */
  accepted(): number;
}

/** A real Node app. */
export async function givenApp(listener: RequestListener, prepare: (server: HttpServer) => void = () => {}): Promise<Upstream> {
  const server = createHttpServer(listener);
  prepare(server);
  return upstreamOf(server, () => server.closeAllConnections());
}

/** Anything that speaks over a socket. */
export async function givenServer(onSocket: (socket: Socket) => void, allowHalfOpen = false): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    onSocket(socket);
  });
  return upstreamOf(server, () => {
    for (const socket of sockets) socket.destroy();
  });
}

async function upstreamOf(server: Server, cut: () => void): Promise<Upstream> {
  let accepted = 0;
  server.on("connection", () => accepted++);
  const port = await listening(server);
  return {
    address: `127.0.0.1:${port}`,
    connections: () => connectionsAt(port),
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      server.close();
      cut();
    },
  };
}

/** /proc/net/tcp: 0A is LISTEN, 06 TIME_WAIT. */
async function connectionsAt(port: number): Promise<number> {
  const local = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n");
  return lines.filter((line) => new RegExp(`^ *\\d+: [0-9A-F]{8}:${local} \\S+ (?!0A|06)`).test(line)).length;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** An address that refuses connections. */
export async function closedAddress(): Promise<string> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  return `127.0.0.1:${port}`;
}

/** Sends text and answers what comes until `until` is seen, or the connection ends. */
export async function speak(port: number, text: string, until?: RegExp, withinMs = 5_000): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(text, "latin1");
  try {
    return await hear(socket, until, withinMs);
  } finally {
    socket.destroy();
  }
}

export function hear(socket: Socket, until?: RegExp, withinMs = 5_000): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const timer = setTimeout(
      () => reject(new Error(`nothing like ${until ?? "an end"} within ${withinMs} ms after ${JSON.stringify(heard)}`)),
      withinMs,
    );
    const done = () => {
      clearTimeout(timer);
      socket.off("data", onData);
      resolve(heard);
    };
    const onData = (chunk: Buffer) => {
      heard += chunk.toString("latin1");
      if (until?.test(heard)) done();
    };
    socket.on("data", onData);
    socket.on("close", done);
  });
}

export const GET = (path: string, ...headers: string[]) =>
  `GET ${path} HTTP/1.1\r\n${["Host: blog.localhost", ...headers].join("\r\n")}\r\n\r\n`;
export const POST = (body: string, ...headers: string[]) =>
  `POST / HTTP/1.1\r\n${["Host: blog.localhost", ...headers].join("\r\n")}\r\n\r\n${body}`;
