/** The name server of containers: UDP and TCP on one address, bounded in what it does at once. */
import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { reply } from "./reply.ts";
import type { TableFile } from "./table-file.ts";
import { framed, type Upstreams } from "./upstream.ts";

export interface NameServerOptions {
  readonly table: TableFile;
  readonly upstreams: Upstreams;
  readonly address: string;
  /** 0: any (tests). */
  readonly port: number;
  readonly onDefect: (error: unknown) => void;
}

export interface NameServer {
  readonly port: number;
  close(): void;
}

/** One that asks without end takes nobody else's turn. */
const MOST_AT_ONCE_OF_ONE = 100;
const MOST_CONNECTIONS = 500;
const IDLE_MS = 10_000;

/** Throws where the address is not there (yet). */
export async function listen(options: NameServerOptions): Promise<NameServer> {
  const atOnce = new Map<string, number>();
  const answer = async (message: Buffer, client: string, over: "udp" | "tcp"): Promise<Buffer | null> => {
    const going = atOnce.get(client) ?? 0;
    if (going >= MOST_AT_ONCE_OF_ONE) return null;
    atOnce.set(client, going + 1);
    try {
      return await reply({ message, client, over }, options.table, options.upstreams);
    } catch (error) {
      options.onDefect(error);
      return null;
    } finally {
      const left = (atOnce.get(client) ?? 1) - 1;
      if (left === 0) atOnce.delete(client);
      else atOnce.set(client, left);
    }
  };

  const udp = createSocket("udp4");
  udp.on("message", (message, { address, port }) => {
    void answer(message, address, "udp").then((bytes) => bytes !== null && udp.send(bytes, port, address, () => {}));
  });
  await new Promise<void>((resolve, reject) => {
    udp.once("error", reject);
    udp.bind(options.port, options.address, resolve);
  });
  udp.removeAllListeners("error");
  udp.on("error", options.onDefect);
  const { port } = udp.address();

  const tcp = createServer((socket) => serve(socket, answer));
  tcp.maxConnections = MOST_CONNECTIONS;
  tcp.on("error", options.onDefect);
  await new Promise<void>((resolve, reject) => {
    tcp.once("error", reject);
    tcp.listen(port, options.address, resolve);
  }).catch((error) => {
    udp.close();
    throw error;
  });
  return {
    port,
    close: () => {
      udp.close();
      tcp.close();
    },
  };
}

type Answer = (message: Buffer, client: string, over: "tcp") => Promise<Buffer | null>;

function serve(socket: Socket, answer: Answer): void {
  const client = socket.remoteAddress ?? "";
  let rest = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const message = Buffer.from(rest.subarray(2, 2 + rest.readUInt16BE(0)));
      rest = rest.subarray(2 + message.length);
      void answer(message, client, "tcp").then((bytes) => (bytes === null ? socket.destroy() : socket.write(framed(bytes))));
    }
  });
}
