/** The router's process: starts as root, takes or binds its sockets, reads the table, becomes its own user, serves until SIGTERM. */
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { pino } from "pino";
import { parseSettings } from "../core/settings.ts";
import { handedSockets } from "./handed-sockets.ts";
import { findPredecessor } from "./predecessor.ts";
import { createRouter } from "./router.ts";
import { becomeUser, findSystemUser } from "./system-user.ts";

const ROUTER_USER = "pushboat-router";
const LISTEN_BACKLOG = 4096;

// http-proxy calls what Node has deprecated (util._extend); the pinned version is fenced and tested, the warning helps nobody here.
process.noDeprecation = true;
const settings = parseSettings(process.env);
const logFile = pino.destination({ fd: 1, sync: true });
logFile.on("error", () => undefined); // a full disk: the line is lost, and the router goes on
const log = pino({ name: "router" }, logFile);
const user = process.getuid?.() === 0 ? findSystemUser(ROUTER_USER) : null;
const { runDirectory, dataDirectory } = settings;
const controlSocket = `${runDirectory}/router/router.sock`;
const logDirectory = `${dataDirectory}/router-logs`;

const router = createRouter({
  domain: settings.domain,
  port: settings.httpPort,
  httpsPort: settings.httpsPort,
  certificatesFile: `${runDirectory}/routes/certificates.json`,
  ticketKeyFile: `${runDirectory}/routes/ticket-key`,
  ordersCertificates: settings.tls === "acme",
  snapshotFile: `${runDirectory}/routes/routes.json`,
  pagesDirectory: `${runDirectory}/routes/pages`,
  gitSocket: `${runDirectory}/http/git.sock`,
  logDirectory,
  trustedProxies: settings.trustedProxies,
  onDefect: (error) => log.error({ err: error }, "unexpected"),
});

process.on("uncaughtException", (error) => log.error({ err: error }, "uncaught exception: the router goes on"));
process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection: the router goes on"));
process.on("SIGTERM", stop);
process.on("SIGINT", stop);

mkdirSync(runDirectory, { recursive: true, mode: 0o711 });
mkdirSync(dataDirectory, { recursive: true, mode: 0o711 });
ownDirectory(`${runDirectory}/router`, 0o700);
ownDirectory(logDirectory, 0o750);
const handed = handedSockets(process.env["LISTENING_SOCKETS"]);
const predecessor = findPredecessor(`${runDirectory}/processes/router.leaving`);
// Before anything of a router that lives is replaced: a socket of the supervisor's is nobody else's.
if (!handed.has("http")) {
  await probe(settings.httpPort).catch((error: unknown) => {
    log.fatal({ err: error, port: settings.httpPort }, "the port cannot be listened on");
    process.exit(1);
  });
}
// Under a name of its own first: Node removes the path that it bound when it closes, and the next router's must stay.
const ownSocket = `${controlSocket}.${process.pid}`;
rmSync(ownSocket, { force: true });
await listen(router.control, { path: ownSocket });
chmodSync(ownSocket, 0o600);
if (user !== null) chownSync(ownSocket, user.uid, user.gid);
renameSync(ownSocket, controlSocket);
// After the control socket: an announcement from now on is heard, one before is in the snapshot.
await router.load().catch((error: unknown) => log.error({ err: error }, "the snapshot cannot be used: waiting for a table"));
await listenAt(router.http, "http", settings.bind, settings.httpPort);
// Another program may have this port: that is no reason to be without HTTP.
await listenAt(router.https, "https", settings.bind, settings.httpsPort).catch((error: unknown) =>
  log.error({ err: error, port: settings.httpsPort }, "no HTTPS: the port cannot be listened on"),
);
if (settings.metricsPort > 0) {
  await listenAt(router.metrics, "metrics", "127.0.0.1", settings.metricsPort).catch((error: unknown) =>
    log.error({ err: error, port: settings.metricsPort }, "no metrics: the port cannot be listened on"),
  );
}
if (user !== null) becomeUser(user);
if (predecessor !== null) handOver(predecessor);
log.info({ bind: settings.bind, port: settings.httpPort }, "router is listening");

function ownDirectory(path: string, mode: number): void {
  mkdirSync(path, { recursive: true, mode });
  chmodSync(path, mode);
  if (user !== null) chownSync(path, user.uid, user.gid);
}

/** Takes connections from the supervisor's socket, as the router before and after this one; bound here where none was handed over. */
function listenAt(server: Server, name: string, host: string, port: number): Promise<void> {
  const fd = handed.get(name);
  return listen(server, fd === undefined ? { host, port, backlog: LISTEN_BACKLOG } : { fd, backlog: LISTEN_BACKLOG });
}

async function probe(port: number): Promise<void> {
  const server = createServer();
  await listen(server, { host: settings.bind, port, backlog: 1 });
  await new Promise((resolve) => server.close(resolve));
}

/** Its connections go on there until they are done; from now on new ones come here. */
function handOver(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    log.warn({ err: error, pid }, "the router before this one cannot be told to end");
  }
}

function listen(
  server: Server,
  where:
    | { readonly path: string }
    | { readonly host: string; readonly port: number; readonly backlog: number }
    | { readonly fd: number; readonly backlog: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      server.on("error", (error) => log.error({ err: error }, "listener failed"));
      resolve();
    });
  });
}

function stop(): void {
  log.info("stopping: no new connections, waiting for requests in flight");
  void router.close(settings.drainTimeoutMs).finally(() => process.exit(0));
}
