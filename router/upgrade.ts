/** A WebSocket through http-proxy's ws pass, with what it lacks: one socket of ours, any answer but 101, and no leak on either side. */
import { Agent, type ClientRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import httpProxy from "http-proxy";
import type { ClientConnection } from "./client-connection.ts";
import { FAILURES, type Failure } from "./failure.ts";
import { FarewellFrames } from "./farewell-frames.ts";
import { answerHead } from "./http/answer-head.ts";
import { addedLines, type ForwardingFacts, forwardedLines } from "./http/forwarded-head.ts";
import { NO_BODY, UNTIL_CLOSE } from "./http/framing.ts";
import type { RequestHead } from "./http/request-head.ts";

export interface UpgradeOptions {
  readonly client: ClientConnection;
  /** Connected, unused. */
  readonly upstream: Socket;
  readonly request: RequestHead;
  readonly facts: ForwardingFacts;
  readonly idleMs: number;
  /** The instance agreed. */
  readonly onOpen: () => void;
  /** Called at most once; null: it ended as such connections end. */
  readonly onEnd: (failure: Failure | null) => void;
}

/** After one side said that it sends no more, the other has this long to say its last words. */
const FAREWELL_MS = 1_000;
const EMPTY = Buffer.alloc(0);

export class Upgrade {
  /** The instance agreed: from here on it is a tunnel. */
  opened = false;
  /** Of the instance's answer; 0 before it came. */
  status = 0;
  readonly #options: UpgradeOptions;
  readonly #frames = new FarewellFrames();
  #over = false;
  #seenBytes = 0;

  constructor(options: UpgradeOptions) {
    this.#options = options;
    const { client, upstream } = options;
    upstream.on("error", () => {});
    upstream.on("close", () => this.#end(this.status === 0 ? FAILURES.noResponse : null));
    const proxy = httpProxy.createProxyServer({});
    let outgoing: ClientRequest | null = null;
    proxy.once("proxyReqWs", (made) => {
      outgoing = made;
      // http-proxy has squeezed repeated slashes out of it.
      made.path = options.request.target;
      // Our listener comes first: the client's early bytes are put back before http-proxy pipes.
      made.on("upgrade", () => this.#open());
    });
    // The same pipe with a look at the frames in between.
    proxy.once("open", () => upstream.unpipe(client.socket).pipe(this.#frames).pipe(client.socket));
    proxy.ws(
      this.#incoming(),
      client.socket,
      EMPTY,
      // toProxy: the path goes on as it came; without it http-proxy parses and rewrites it.
      { target: { host: "instance" }, agent: oneSocket(upstream), toProxy: true },
      () => this.#end(this.status === 0 ? FAILURES.noResponse : FAILURES.interrupted),
    );
    const request = outgoing as ClientRequest | null;
    // http-proxy would copy the framing headers of a body that it has unframed (a refusal in chunks becomes garbage).
    request?.removeAllListeners("response");
    request?.on("response", (answer) => this.#answer(answer));
  }

  /** The instance is about to stop: the client is told by a close frame, and comes again to another one. */
  announceClose(): void {
    if (this.opened) this.#frames.announceClose();
  }

  /** Bytes that the instance sent. */
  get bytes(): number {
    return this.#options.upstream.bytesRead;
  }

  /** Asked at each deadline: nothing moved since the last one; else the next deadline is set. */
  isIdle(nowMs: number): boolean {
    const { client, upstream, idleMs } = this.#options;
    const bytes = client.socket.bytesRead + upstream.bytesRead;
    if (bytes === this.#seenBytes) return true;
    this.#seenBytes = bytes;
    client.deadlineMs = nowMs + idleMs;
    return false;
  }

  /** Ends the instance's side, whatever state it is in. By a reset where it has reason to be told at once, or may ignore FIN (facts.md). */
  cut(reset: boolean): void {
    this.#over = true;
    const { upstream } = this.#options;
    if ((reset || this.opened) && !upstream.destroyed) upstream.resetAndDestroy();
    else upstream.destroy();
  }

  /** What http-proxy reads of an IncomingMessage. */
  #incoming(): IncomingMessage {
    const { request, facts } = this.#options;
    const headers: Record<string, string | string[]> = { connection: "Upgrade", upgrade: "websocket" };
    for (const line of (forwardedLines(request, facts) + addedLines(request, facts)).split("\r\n")) {
      if (line === "") continue;
      const colon = line.indexOf(": ");
      const [name, value] = [line.slice(0, colon), line.slice(colon + 2)];
      const before = headers[name];
      headers[name] = before === undefined ? value : [before, value].flat();
    }
    return { method: request.method, url: request.target, headers } as unknown as IncomingMessage;
  }

  #open(): void {
    const { client, upstream, idleMs } = this.#options;
    this.opened = true;
    this.status = 101;
    client.detach();
    client.deadlineMs = performance.now() + idleMs;
    // The client's "close" ends the exchange (ClientConnection), and that cuts the instance's side.
    client.socket.once("end", () => this.#farewell());
    upstream.once("end", () => this.#farewell());
    this.#options.onOpen();
  }

  #farewell(): void {
    setTimeout(() => this.#end(null), FAREWELL_MS).unref();
  }

  /** The instance refused: its answer goes on as any other, ended by the close. */
  #answer(answer: IncomingMessage): void {
    const { client, request } = this.#options;
    this.status = answer.statusCode ?? 502;
    const names = answer.rawHeaders.filter((_, i) => i % 2 === 0);
    const values = answer.rawHeaders.filter((_, i) => i % 2 === 1);
    const keys = names.map((name) => name.toLowerCase());
    const bodiless = this.status === 204 || this.status === 304;
    const head = answerHead(
      {
        status: this.status,
        reason: answer.statusMessage ?? "",
        fields: { names, keys, values },
        framing: bodiless ? NO_BODY : UNTIL_CLOSE,
        keepAlive: false,
        nominated: [],
      },
      // Minor version 0: neither chunks nor a length, the close is the end.
      { method: request.method, minor: 0, keepAlive: false },
    );
    client.socket.write(head.replace(/\r\n$/, "Connection: close\r\n\r\n"), "latin1");
    answer.on("data", (chunk: Buffer) => {
      if (!client.socket.write(chunk)) answer.pause();
    });
    client.socket.on("drain", () => answer.resume());
    answer.on("end", () => this.#end(null));
    answer.on("error", () => this.#end(FAILURES.interrupted));
  }

  #end(failure: Failure | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onEnd(failure);
  }
}

/** An agent that knows one socket, connected already by the rules of the router (quarantine, retry, time limit). */
function oneSocket(socket: Socket): Agent {
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => socket;
  return agent;
}
