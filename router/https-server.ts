/** TLS before the same connections: the certificate is chosen by name at each handshake, so that a new one needs no restart. */
import type { Socket } from "node:net";
import { createServer, type Server } from "node:tls";
import type { OnContext } from "./certificate-waits.ts";
import type { Certificates } from "./certificates.ts";

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

export interface HttpsServerOptions {
  readonly certificates: Certificates;
  /** A name without one: calls back when it is clear whether there will be one. */
  readonly onMissing: (serverName: string, done: OnContext) => void;
  readonly socketOptions: { readonly allowHalfOpen: boolean; readonly noDelay: boolean; readonly keepAlive: boolean };
  readonly onConnection: (socket: Socket) => void;
  readonly onHttp2: (socket: Socket) => void;
  readonly onDefect: (error: unknown) => void;
}

export function createHttpsServer({ certificates, onMissing, socketOptions, onConnection, onHttp2, onDefect }: HttpsServerOptions): Server {
  const server = createServer(
    {
      ...socketOptions,
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
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return server;
}
