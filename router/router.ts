/** One router: the listeners, the table and the connections joined; made, started, closed. */
import { createServer, type Server, type Socket } from "node:net";
import type { HostCertificate, RouterReport, RouteTable } from "../core/index.ts";
import { AccessLog } from "./access-log.ts";
import { AlpnChallenges } from "./alpn-challenges.ts";
import { CertificateWaits, type OnContext } from "./certificate-waits.ts";
import { Certificates } from "./certificates.ts";
import { ClientConnection, type Front } from "./client-connection.ts";
import type { RouterContext } from "./context.ts";
import { createControlDoor } from "./control-door.ts";
import { Deadlines } from "./deadlines.ts";
import { Holding } from "./holding.ts";
import { hostName } from "./host.ts";
import { Http2Connection } from "./http2-connection.ts";
import { createHttpsServer } from "./https-server.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { renderMetrics } from "./metrics.ts";
import { createMetricsServer } from "./metrics-server.ts";
import { networkList } from "./networks.ts";
import { OwnPages } from "./own-pages.ts";
import { RequestCounts } from "./request-counts.ts";
import { RouteBook } from "./route-book.ts";
import { readSnapshot } from "./snapshot.ts";
import { Target } from "./target.ts";
import { readTicketKey } from "./ticket-key.ts";
import { Visits } from "./visits.ts";

export interface RouterOptions {
  readonly domain: string;
  /** Ports that clients see; X-Forwarded-Port. */
  readonly port: number;
  readonly httpsPort: number;
  readonly snapshotFile: string;
  readonly certificatesFile: string;
  /** Undefined: TLS sessions are resumed by this router only. */
  readonly ticketKeyFile?: string;
  /** A certificate that is missing may be ordered: handshakes wait for it. */
  readonly ordersCertificates?: boolean;
  /** Apps' own pages, by hash. */
  readonly pagesDirectory: string;
  readonly gitSocket: string;
  readonly logDirectory: string;
  /** Addresses and networks of proxies before this router. */
  readonly trustedProxies?: readonly string[];
  readonly onDefect: (error: unknown) => void;
  readonly limits?: Partial<Limits>;
  readonly maxLogFileBytes?: number;
}

export interface Router {
  /** Not listening yet. */
  readonly http: Server;
  readonly https: Server;
  readonly control: Server;
  readonly metrics: Server;
  /** Reads the snapshot, if there is one. */
  load(): Promise<void>;
  apply(table: RouteTable): void;
  setCertificates(certificates: readonly HostCertificate[]): void;
  /** For tests and drains: requests in flight by address. */
  inFlight(): Readonly<Record<string, number>>;
  /** Accepts no more; resolves when the last request is done, or was cut after the time. */
  close(drainTimeoutMs: number): Promise<void>;
}

const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };
/** As much as Node reads at once anyway. */
const READ_BUFFER_BYTES = 64 * 1024;
const MAX_LOG_FILE_BYTES = 10 * 1024 * 1024;

export function createRouter(options: RouterOptions): Router {
  const limits = { ...LIMITS, ...options.limits };
  const { onDefect } = options;
  const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const pages = new OwnPages(options.pagesDirectory);
  const book = new RouteBook({ idleLimit: limits.idlePerTarget, readBuffer }, pages);
  const holding = new Holding(limits);
  const visits = new Visits();
  const counts = new RequestCounts();
  const accessLog = new AccessLog({
    directory: options.logDirectory,
    maxFileBytes: options.maxLogFileBytes ?? MAX_LOG_FILE_BYTES,
    onDefect,
  });
  const deadlines = new Deadlines((nowMs) => book.closeIdle(nowMs - limits.reuseMs));
  const connections = new Set<ClientConnection | Http2Connection>();
  /** Of HTTP/2 connections. */
  const streams = new Set<ClientConnection | Http2Connection>();
  let closing = false;
  let onEmpty = () => {};
  const context: RouterContext = {
    limits,
    domain: options.domain,
    httpsPort: options.httpsPort,
    book,
    holding,
    visits,
    counts,
    deadlines,
    accessLog,
    gitDoor: new Target({
      instance: "git",
      address: "git",
      endpoint: { path: options.gitSocket },
      idleLimit: 0,
      readBuffer,
      onQuiet: () => {},
    }),
    trustedProxies: (options.trustedProxies ?? []).length === 0 ? null : networkList(options.trustedProxies ?? []),
    random: Math.random,
    isClosing: () => closing,
    onDefect,
  };
  const isEmpty = () => connections.size + streams.size === 0;
  const serve = (front: Front, socket: Socket, among: Set<ClientConnection | Http2Connection>) => {
    const connection = new ClientConnection(context, front, socket, () => {
      among.delete(connection);
      if (isEmpty()) onEmpty();
    });
    among.add(connection);
  };
  const httpFront: Front = { protocol: "http", port: options.port };
  const httpsFront: Front = { protocol: "https", port: options.httpsPort };
  const acceptHttp2 = (socket: Socket) => {
    const connection = new Http2Connection(socket, {
      limits,
      onStream: (stream) => serve(httpsFront, stream, streams),
      onClosed: () => {
        connections.delete(connection);
        if (isEmpty()) onEmpty();
      },
      onDefect,
    });
    connections.add(connection);
  };
  const certificates = new Certificates(options.certificatesFile);
  const certificateWaits = new CertificateWaits();
  const onMissing = (serverName: string, done: OnContext) => {
    if (options.ordersCertificates === true && book.find(hostName(serverName)) !== undefined)
      certificateWaits.wait(serverName, performance.now(), done);
    else done(null);
  };
  /** One that cannot be read is what the next handshake says. */
  const findOrNull = (host: string) => {
    try {
      return certificates.find(host);
    } catch {
      return null;
    }
  };
  const http = createServer(SOCKET_OPTIONS, (socket) => serve(httpFront, socket, connections));
  const challenges = new AlpnChallenges();
  const { server: https, setTicketKey } = createHttpsServer({
    certificates,
    challenges,
    onMissing,
    socketOptions: SOCKET_OPTIONS,
    onConnection: (socket) => serve(httpsFront, socket, connections),
    onHttp2: acceptHttp2,
    onDefect,
  });
  for (const server of [http, https]) server.maxConnections = limits.clientConnections;
  const apply = (table: RouteTable) => {
    book.apply(table);
    challenges.apply(table.challenges ?? []);
    accessLog.keepOnly(book.environments());
    counts.keepOnly(book.environments());
    visits.keepOnly(book.environments(), book.asleep());
    holding.reconsiderAll();
  };
  const load = async () => {
    // Certificates first: a host of the new table has its own from the first moment on.
    await certificates.load().catch(onDefect);
    certificateWaits.settle(findOrNull);
    const ticketKey = options.ticketKeyFile === undefined ? null : await readTicketKey(options.ticketKeyFile);
    if (ticketKey !== null) setTicketKey(ticketKey);
    const table = await readSnapshot(options.snapshotFile);
    if (table === null) return;
    await pages.load(table.routes);
    apply(table);
  };
  const report = (): RouterReport => ({
    pid: process.pid,
    uptimeMs: Math.round(process.uptime() * 1000),
    listening: http.listening,
    version: book.version,
    connections: connections.size,
    requests: counts.total,
    inFlight: visits.inFlight(),
  });
  const door = createControlDoor({ book, visits, certificateWaits, reload: inOrder(load), report, onDefect });
  const metrics = createMetricsServer(() => renderMetrics(report(), counts));
  deadlines.start();
  accessLog.start();

  return {
    http,
    https,
    control: door.server,
    metrics,
    load,
    apply,
    setCertificates(all) {
      certificates.apply(all);
      certificateWaits.settle(findOrNull);
    },
    inFlight: () => book.inFlight(),
    async close(drainTimeoutMs) {
      closing = true;
      http.close();
      https.close();
      metrics.close();
      // Connections to it stay until the process ends: they tell what is in flight.
      door.leave();
      for (const connection of [...connections, ...streams]) connection.closeWhenIdle();
      if (!isEmpty()) {
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
          setTimeout(resolve, drainTimeoutMs).unref();
        });
      }
      for (const connection of [...connections, ...streams]) connection.socket.destroy();
      deadlines.stop();
      book.closeIdle(Number.POSITIVE_INFINITY);
      await accessLog.close();
    },
  };
}

/** Runs of an effect one after the other; each call's promise is its own run's. */
function inOrder(effect: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => {
    last = last.catch(() => {}).then(effect);
    return last;
  };
}
