/** TLS before the same connections: the certificate is chosen by name at each handshake, so that a new one needs no restart. */
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer } from "node:tls";
import type { AlpnChallenges } from "./alpn-challenges.ts";
import type { OnContext } from "./certificate-waits.ts";
import type { Certificates } from "./certificates.ts";
import { SESSION_CONTEXT } from "./ticket-key.ts";

/** Mozilla's "intermediate", without the DHE suites: forward secrecy and AEAD only. TLS 1.3 suites are OpenSSL's own. */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");
/** A client that opens and says nothing; Node's own is 120 s. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long a ticket is taken; Node's own is 300 s for TLS 1.2. Browsers keep them for hours at most. */
const SESSION_SECONDS = 7_200;

export interface HttpsServer {
  /** Not listening yet. */
  readonly server: Server;
  /** From now on; sessions sealed with another one are not resumed. */
  setTicketKey(key: Buffer): void;
}

export interface HttpsServerOptions {
  readonly certificates: Certificates;
  readonly challenges: AlpnChallenges;
  /** A name without one: calls back when it is clear whether there will be one. */
  readonly onMissing: (serverName: string, done: OnContext) => void;
  readonly socketOptions: { readonly allowHalfOpen: boolean; readonly noDelay: boolean; readonly keepAlive: boolean };
  readonly onConnection: (socket: Socket) => void;
  readonly onHttp2: (socket: Socket) => void;
  readonly onDefect: (error: unknown) => void;
}

export function createHttpsServer({
  certificates,
  challenges,
  onMissing,
  socketOptions,
  onConnection,
  onHttp2,
  onDefect,
}: HttpsServerOptions): HttpsServer {
  const secure = createServer(
    {
      ...socketOptions,
      sessionTimeout: SESSION_SECONDS,
      sessionIdContext: SESSION_CONTEXT,
      minVersion: "TLSv1.2",
      ciphers: CIPHERS,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ALPNProtocols: ["h2", "http/1.1"],
      SNICallback: (serverName, done) => {
        try {
          const known = certificates.find(serverName);
          if (known !== null) done(null, known);
          else
            onMissing(serverName, (context) =>
              context === null ? done(new Error(`no certificate for ${serverName}`)) : done(null, context),
            );
        } catch (error) {
          onDefect(error);
          done(error as Error);
        }
      },
    },
    (socket) => (socket.alpnProtocol === "h2" ? onHttp2(socket) : onConnection(socket)),
  );
  // A handshake that failed is the client's affair, or a name without a certificate; Node has closed the socket.
  secure.on("tlsClientError", (_, socket) => socket.destroy());
  const begin = (socket: Socket) => secure.emit("connection", socket);
  const server = createTcpServer(socketOptions, (socket) => (challenges.isPending ? challenges.accept(socket, begin) : begin(socket)));
  return { server, setTicketKey: (key) => secure.setTicketKeys(key) };
}
