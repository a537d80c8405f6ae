/** TLS connections of one request each, a few at once: full ones, or resumed by the ticket of the one before. */
import { connect } from "node:tls";

export interface HandshakesOptions {
  readonly port: number;
  readonly servername: string;
  readonly host: string;
  readonly resume: boolean;
  readonly seconds: number;
}

export interface HandshakesReport {
  readonly connections: number;
  readonly resumed: number;
  readonly errors: number;
}

const AT_ONCE = 4;

export async function handshakes(options: HandshakesOptions): Promise<HandshakesReport> {
  const endMs = performance.now() + options.seconds * 1000;
  const total = { connections: 0, resumed: 0, errors: 0 };
  const loop = async (): Promise<void> => {
    let session: Buffer | undefined;
    while (performance.now() < endMs) {
      const one = await connectOnce(options, options.resume ? session : undefined);
      if (one === null) {
        total.errors += 1;
        continue;
      }
      total.connections += 1;
      if (one.reused) total.resumed += 1;
      session = one.session ?? session;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loop));
  return total;
}

/** null: it failed. */
function connectOnce(
  { port, servername, host }: HandshakesOptions,
  session: Buffer | undefined,
): Promise<{ readonly reused: boolean; readonly session: Buffer | undefined } | null> {
  return new Promise((resolve) => {
    let next: Buffer | undefined;
    let answer = "";
    let reused = false;
    const options = { port, host: "127.0.0.1", servername, rejectUnauthorized: false };
    const socket = connect(session === undefined ? options : { ...options, session });
    socket.on("session", (made: Buffer) => {
      next = made;
    });
    socket.on("secureConnect", () => {
      // Not to be asked any more once it is closed.
      reused = socket.isSessionReused();
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", () => resolve(null));
    socket.on("close", () => resolve(answer.startsWith("HTTP/1.1 200 ") ? { reused, session: next } : null));
  });
}
