/** The router's side of the control socket: takes announcements, answers what it serves by, tells when addresses are drained. */
import { createServer, type Server, type Socket } from "node:net";
import type { RouterReport } from "../core/index.ts";
import type { CertificateWaits } from "./certificate-waits.ts";
import { type FromRouter, messageLine, messageReader, type ToRouter } from "./control-messages.ts";
import type { RouteBook } from "./route-book.ts";
import type { Visits } from "./visits.ts";

export interface ControlDoorOptions {
  readonly book: RouteBook;
  readonly visits: Visits;
  readonly certificateWaits: CertificateWaits;
  /** Reads the snapshot into the book. */
  readonly reload: () => Promise<void>;
  readonly report: () => RouterReport;
  readonly onDefect: (error: unknown) => void;
}

export interface ControlDoor {
  readonly server: Server;
  /** Takes no more announcements: control goes to the next router. */
  leave(): void;
}

export function createControlDoor(options: ControlDoorOptions): ControlDoor {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, options);
  });
  return {
    server,
    leave() {
      server.close();
      for (const socket of sockets) socket.write(messageLine({ kind: "leaving" }));
    },
  };
}

function serve(socket: Socket, { book, visits, certificateWaits, reload, report, onDefect }: ControlDoorOptions): void {
  const watches = new Map<number, () => void>();
  const send = (message: FromRouter) => {
    if (!socket.destroyed) socket.write(messageLine(message));
  };
  const sendTable = () => send({ kind: "table", version: book.version, inFlight: book.inFlight() });
  const receive = messageReader<ToRouter>((message) => {
    switch (message.kind) {
      case "apply":
        reload().then(sendTable, (error: unknown) => {
          onDefect(error);
          send({ kind: "refused", version: message.version, reason: error instanceof Error ? error.message : String(error) });
        });
        return;
      case "watch":
        watches.set(
          message.id,
          book.watch(message.addresses, () => send({ kind: "drained", id: message.id })),
        );
        return;
      case "unwatch":
        watches.get(message.id)?.();
        watches.delete(message.id);
        return;
      case "no-certificate":
        certificateWaits.refuse(message.host, performance.now());
        return;
      case "idle":
        send({ kind: "idle", id: message.id, idleMs: visits.idleMs(performance.now()) });
        return;
      case "report":
        send({ kind: "report", id: message.id, report: report() });
    }
  });
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    try {
      receive(text);
    } catch (error) {
      onDefect(error);
      socket.destroy();
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    for (const unwatch of watches.values()) unwatch();
    forgetWakes();
    forgetWants();
  });
  sendTable();
  const forgetWakes = visits.onWake((environment) => send({ kind: "wake", environment }));
  const forgetWants = certificateWaits.onWanted((host) => send({ kind: "certificate-wanted", host }));
}
