/** A stand-in for the router: TCP in front of the git socket, with the headers that the router adds. */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface Front {
  readonly port: number;
  close(): Promise<void>;
}

export interface FrontOptions {
  readonly socketPath: string;
  readonly address?: string;
  readonly protocol?: string;
}

export async function givenFront({ socketPath, address = "127.0.0.1", protocol = "http" }: FrontOptions): Promise<Front> {
  const server = createServer({ requestTimeout: 0 }, (incoming, outgoing) => {
    const headers = { ...incoming.headers, "x-forwarded-for": address, "x-forwarded-proto": protocol };
    const onward = request({ socketPath, path: incoming.url, method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.on("error", () => onward.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
