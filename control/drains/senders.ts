/** How lines reach a drain: each takes a batch and resolves when it is out of our hands; throws where it is not. */
import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { DrainLine } from "./drain-buffer.ts";
import type { DrainTarget } from "./drain-url.ts";
import { syslogFrame } from "./syslog-frame.ts";

export interface Sender {
  send(lines: readonly DrainLine[], signal: AbortSignal): Promise<void>;
  close(): void;
}

const TIMEOUT_MS = 15_000;
const SHOWN_LENGTH = 200;

export function createSender(target: DrainTarget, hostname: string): Sender {
  return target.kind === "syslog" ? syslogSender(target, hostname) : httpsSender(target);
}

/** Syslog has no answers: a line is sent when the kernel took it, on a connection that had not been closed. */
function syslogSender({ host, port }: DrainTarget, hostname: string): Sender {
  let open: TLSSocket | null = null;
  const connected = async (signal: AbortSignal): Promise<TLSSocket> => {
    if (open !== null && !open.destroyed && open.writable) return open;
    const socket = connect({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) });
    // Whoever waits hears of it; between two batches nobody does.
    socket.on("error", () => undefined);
    socket.on("end", () => socket.destroy());
    socket.resume();
    await once(socket, "secureConnect", { signal }).catch((error) => {
      socket.destroy();
      throw error;
    });
    open = socket;
    return socket;
  };
  return {
    async send(lines, signal) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const socket = await connected(within);
      await new Promise<void>((resolve, reject) => {
        const giveUp = () => socket.destroy(new Error("it took nothing for too long"));
        within.addEventListener("abort", giveUp, { once: true });
        socket.write(lines.map((line) => syslogFrame(line, hostname)).join(""), (error) => {
          within.removeEventListener("abort", giveUp);
          if (error == null) resolve();
          else reject(error);
        });
      });
    },
    close: () => void open?.end(),
  };
}

function httpsSender({ url }: DrainTarget): Sender {
  const address = new URL(url);
  const { username, password } = address;
  address.username = "";
  address.password = "";
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  return {
    async send(lines, signal) {
      const response = await fetch(address, {
        method: "POST",
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: {
          "content-type": "application/json",
          "user-agent": "Pushboat",
          ...(username === "" ? {} : { authorization: `Basic ${credentials}` }),
        },
        body: JSON.stringify(lines.map(({ time, environment, source, text }) => ({ time, environment, source, text }))),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
    },
    close: () => undefined,
  };
}

export function wordOf(error: unknown): string {
  const { message, code, cause } = error as {
    readonly message?: string;
    readonly code?: string;
    readonly cause?: { code?: string; message?: string };
  };
  return (cause?.code ?? cause?.message ?? code ?? message ?? String(error)).toString().slice(0, SHOWN_LENGTH);
}
