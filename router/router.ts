/** One router: the listeners, the table and the connections joined; made, started, closed. */
import { createServer, type Server } from "node:net";
import type { RouteTable } from "../core/index.ts";
import { AccessLog } from "./access-log.ts";
import { ClientConnection } from "./client-connection.ts";
import type { RouterContext } from "./context.ts";
import { createControlDoor } from "./control-door.ts";
import { Deadlines } from "./deadlines.ts";
import { Holding } from "./holding.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { RouteBook } from "./route-book.ts";
import { readSnapshot } from "./snapshot.ts";
import { Target } from "./target.ts";
import { Visits } from "./visits.ts";

export interface RouterOptions {
  readonly domain: string;
  /** Port that clients see; X-Forwarded-Port. */
  readonly port: number;
  readonly snapshotFile: string;
  readonly gitSocket: string;
  readonly logDirectory: string;
  readonly onDefect: (error: unknown) => void;
  readonly limits?: Partial<Limits>;
  readonly maxLogFileBytes?: number;
}

export interface Router {
  /** Not listening yet. */
  readonly http: Server;
  readonly control: Server;
  /** Reads the snapshot, if there is one. */
  load(): Promise<void>;
  apply(table: RouteTable): void;
  /** For tests and drains: requests in flight by address. */
  inFlight(): Readonly<Record<string, number>>;
  /** Accepts no more; resolves when the last request is done, or was cut after the time. */
  close(drainTimeoutMs: number): Promise<void>;
}

/** As much as Node reads at once anyway. */
const READ_BUFFER_BYTES = 64 * 1024;
const MAX_LOG_FILE_BYTES = 10 * 1024 * 1024;

export function createRouter(options: RouterOptions): Router {
  const limits = { ...LIMITS, ...options.limits };
  const { onDefect } = options;
  const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const book = new RouteBook({ idleLimit: limits.idlePerTarget, readBuffer });
  const holding = new Holding(limits);
  const visits = new Visits();
  const accessLog = new AccessLog({
    directory: options.logDirectory,
    maxFileBytes: options.maxLogFileBytes ?? MAX_LOG_FILE_BYTES,
    onDefect,
  });
  const deadlines = new Deadlines((nowMs) => book.closeIdle(nowMs - limits.reuseMs));
  const connections = new Set<ClientConnection>();
  let closing = false;
  let onEmpty = () => {};
  const context: RouterContext = {
    limits,
    domain: options.domain,
    port: options.port,
    book,
    holding,
    visits,
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
    random: Math.random,
    isClosing: () => closing,
    onDefect,
  };
  const http = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
    const connection = new ClientConnection(context, socket, () => {
      connections.delete(connection);
      if (connections.size === 0) onEmpty();
    });
    connections.add(connection);
  });
  http.maxConnections = limits.clientConnections;
  const apply = (table: RouteTable) => {
    book.apply(table);
    accessLog.keepOnly(book.environments());
    visits.keepOnly(book.environments(), book.asleep());
    holding.reconsiderAll();
  };
  const load = async () => {
    const table = await readSnapshot(options.snapshotFile);
    if (table !== null) apply(table);
  };
  const control = createControlDoor({ book, visits, reload: inOrder(load), onDefect });
  deadlines.start();
  accessLog.start();

  return {
    http,
    control,
    load,
    apply,
    inFlight: () => book.inFlight(),
    async close(drainTimeoutMs) {
      closing = true;
      http.close();
      // Its path goes now: the next router makes its own. Connections to it stay until the process ends.
      control.close();
      for (const connection of connections) connection.closeWhenIdle();
      if (connections.size > 0) {
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
          setTimeout(resolve, drainTimeoutMs).unref();
        });
      }
      for (const connection of connections) connection.socket.destroy();
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
