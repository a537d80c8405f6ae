/** TLS-ALPN-01 (RFC 8737): an authority that speaks acme-tls/1 sees the challenge's certificate, and everybody else what they always see. */
import type { Socket } from "node:net";
import { createSecureContext, createServer, type SecureContext } from "node:tls";
import type { AcmeChallenge } from "../core/index.ts";
import { MAX_HELLO_BYTES, offeredProtocols } from "./client-hello.ts";
import { hostName } from "./host.ts";

const PROTOCOL = "acme-tls/1";
/** A client that says nothing, or half of it. */
const HELLO_TIMEOUT_MS = 10_000;

export class AlpnChallenges {
  #contexts: ReadonlyMap<string, SecureContext> = new Map();
  readonly #server = createServer(
    {
      ALPNProtocols: [PROTOCOL],
      SNICallback: (serverName, done) => {
        const context = this.#contexts.get(hostName(serverName));
        if (context === undefined) done(new Error(`no challenge for ${serverName}`));
        else done(null, context);
      },
    },
    // The handshake was the answer.
    (socket) => socket.end(),
  ).on("tlsClientError", (_, socket) => socket.destroy());

  /** While it is false, nobody has to look at what clients say first. */
  get isPending(): boolean {
    return this.#contexts.size > 0;
  }

  apply(challenges: readonly AcmeChallenge[]): void {
    this.#contexts = new Map(
      challenges
        .filter((challenge) => challenge.kind === "tls-alpn-01")
        .map(({ host, certificate, key }) => [host, createSecureContext({ cert: certificate, key })]),
    );
  }

  /** Takes the connection if it is an authority's; `onOther` gets it otherwise, with nothing read. */
  accept(socket: Socket, onOther: (socket: Socket) => void): void {
    let heard: Buffer = Buffer.alloc(0);
    const onReadable = () => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
        heard = Buffer.concat([heard, chunk]);
      }
      const offered = offeredProtocols(heard);
      if (offered === "more" && heard.length < MAX_HELLO_BYTES && !socket.readableEnded) return;
      stop();
      if (heard.length > 0) socket.unshift(heard);
      if (Array.isArray(offered) && offered.includes(PROTOCOL)) this.#server.emit("connection", socket);
      else onOther(socket);
    };
    const drop = () => socket.destroy();
    const timer = setTimeout(drop, HELLO_TIMEOUT_MS);
    const stop = () => {
      clearTimeout(timer);
      socket.off("readable", onReadable).off("error", drop).off("end", drop).off("close", stop);
    };
    socket.on("readable", onReadable).on("error", drop).on("end", drop).on("close", stop);
  }
}
