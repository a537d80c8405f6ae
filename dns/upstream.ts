/** The host's real resolvers, and one question to them: as it came, under an id and a port of its own. */

import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { readFileSync, statSync } from "node:fs";
import { connect, isIP } from "node:net";

export type Upstreams = () => readonly { readonly address: string; readonly port: number }[];

/** glibc asks three at most. */
const MOST_SERVERS = 3;
const ATTEMPT_MS = 3_000;
const ID_BYTES = 2;

/** From a resolv.conf, read again when it changed. */
export function resolversOf(path: string): Upstreams {
  let seen = "";
  let servers: ReturnType<Upstreams> = [];
  return () => {
    try {
      const { mtimeMs, size, ino } = statSync(path);
      const now = `${mtimeMs} ${size} ${ino}`;
      if (now !== seen) {
        const named = [...readFileSync(path, "utf8").matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address = ""]) => address);
        servers = named
          .filter((address) => isIP(address) !== 0)
          .slice(0, MOST_SERVERS)
          .map((address) => ({ address, port: 53 }));
        seen = now;
      }
    } catch {
      // as it was
    }
    return servers;
  };
}

/** The answer under the question's id; null: none of them gave one. */
export async function askUpstream(upstreams: Upstreams, question: Buffer, over: "udp" | "tcp"): Promise<Buffer | null> {
  for (const server of upstreams()) {
    const answer = await (over === "udp" ? askUdp(server, question) : askTcp(server, question));
    if (answer !== null) return answer;
  }
  return null;
}

interface Server {
  readonly address: string;
  readonly port: number;
}

/** A random id and a fresh port: whoever wants to forge the answer has to guess both (RFC 5452). */
function askUdp({ address, port }: Server, question: Buffer): Promise<Buffer | null> {
  const own = Buffer.from(question);
  const id = randomInt(0x10000);
  own.writeUInt16BE(id, 0);
  return new Promise((resolve) => {
    const socket = createSocket(isIP(address) === 6 ? "udp6" : "udp4");
    const end = (answer: Buffer | null): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => {});
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(null), ATTEMPT_MS);
    socket.on("error", () => end(null));
    socket.on("message", (answer) => {
      if (answer.length < 12 || answer.readUInt16BE(0) !== id) return;
      question.copy(answer, 0, 0, ID_BYTES);
      end(answer);
    });
    // connected: only the server's own packets come through
    socket.connect(port, address, () => socket.send(own));
  });
}

function askTcp({ address, port }: Server, question: Buffer): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const chunks: Buffer[] = [];
    const end = (answer: Buffer | null): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ATTEMPT_MS, () => end(null));
    socket.on("error", () => end(null));
    socket.on("close", () => end(null));
    socket.on("connect", () => socket.write(framed(question)));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length >= 2 && all.length >= 2 + all.readUInt16BE(0)) end(all.subarray(2, 2 + all.readUInt16BE(0)));
    });
  });
}

/** RFC 1035 4.2.2: two bytes of length before each message. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
