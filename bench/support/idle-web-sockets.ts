/** Opens many WebSockets that say nothing, and reads what the proxy's memory grew by. */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface IdleOptions {
  readonly port: number;
  readonly pid: number;
  readonly host: string;
  readonly count: number;
}

const AT_ONCE = 100;
/** Buffers of the handshakes go, and a collector may run. */
const SETTLE_MS = 3_000;

/** Kilobytes of resident memory each. */
export async function idleWebSockets({ port, pid, host, count }: IdleOptions): Promise<number> {
  const before = residentKilobytes(pid);
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - opened) }, () => open(port, host)))));
  }
  await sleep(SETTLE_MS);
  const grown = residentKilobytes(pid) - before;
  const lost = sockets.filter((socket) => socket.destroyed).length;
  for (const socket of sockets) socket.destroy();
  if (lost > 0) throw new Error(`${lost} of ${count} WebSockets were closed`);
  return grown / count;
}

function open(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", reject);
    socket.once("data", (answer) => {
      if (String(answer).startsWith("HTTP/1.1 101 ")) resolve(socket);
      else reject(new Error(`no WebSocket: ${String(answer).slice(0, 60)}`));
    });
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
  });
}

function residentKilobytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
