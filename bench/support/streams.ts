/** Clients of every kind at once, none of which retries: kept-alive requests, WebSockets, event streams, slow uploads and downloads. */
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { Agent as Dispatcher, WebSocket } from "undici";

export interface StreamsOptions {
  readonly port: number;
  readonly host: string;
  readonly keepAlive: number;
  readonly webSockets: number;
  readonly eventStreams: number;
  readonly uploads: number;
  readonly downloads: number;
}

export interface StreamsReport {
  readonly requests: number;
  readonly uploads: number;
  readonly downloads: number;
  readonly eventStreamsEnded: number;
  readonly webSocketsClosed: number;
  readonly failures: readonly string[];
}

/** Between two requests of one kept-alive connection. */
const PAUSE_MS = 1_000;
/** As design.md 7 counts a failed request. */
const SLOWEST_MS = 1_000;
const UPLOAD_PIECES = 20;
const UPLOAD_PIECE_BYTES = 16_384;
const UPLOAD_PAUSE_MS = 100;
const DOWNLOAD_BYTES = 20 * 16_384;
const GOING_AWAY = 1001;

type Counts = { -readonly [K in Exclude<keyof StreamsReport, "failures">]: number };

export function givenStreams(options: StreamsOptions): { end(): Promise<StreamsReport> } {
  const ending = new AbortController();
  const failures: string[] = [];
  const counts: Counts = { requests: 0, uploads: 0, downloads: 0, eventStreamsEnded: 0, webSocketsClosed: 0 };
  const agent = new Agent({ keepAlive: true, maxSockets: options.keepAlive });
  const plain = new Agent({ keepAlive: false });
  const dispatcher = new Dispatcher({ connect: { lookup: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) } });
  const parts: Parts = { options, ending: ending.signal, counts, fail: (text) => failures.push(`${new Date().toISOString()} ${text}`) };
  const kinds: readonly (readonly [number, () => Promise<void>])[] = [
    [options.keepAlive, () => askOnce(parts, agent)],
    [options.webSockets, () => holdWebSocket(parts, dispatcher)],
    [options.eventStreams, () => holdEventStream(parts, plain)],
    [options.uploads, () => upload(parts, plain)],
    [options.downloads, () => download(parts, plain)],
  ];
  const running = kinds.flatMap(([count, act]) => Array.from({ length: count }, () => again(ending.signal, act)));
  return {
    end: async () => {
      ending.abort();
      await Promise.all(running);
      agent.destroy();
      await dispatcher.destroy();
      return { ...counts, failures };
    },
  };
}

interface Parts {
  readonly options: StreamsOptions;
  readonly ending: AbortSignal;
  readonly counts: Counts;
  readonly fail: (text: string) => void;
}

async function again(ending: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!ending.aborted) await act();
}

async function askOnce({ options, counts, fail }: Parts, agent: Agent): Promise<void> {
  const startMs = performance.now();
  const answer = await exchange(options, agent, { path: "/" });
  const durationMs = performance.now() - startMs;
  counts.requests += 1;
  if (answer.error !== null || answer.status !== 200) fail(`GET /: ${answer.error ?? answer.status} ${answer.body.slice(0, 80)}`);
  else if (durationMs > SLOWEST_MS) fail(`GET / took ${Math.round(durationMs)} ms`);
  await pause(PAUSE_MS * (0.5 + Math.random()));
}

async function upload({ options, counts, fail }: Parts, agent: Agent): Promise<void> {
  const total = UPLOAD_PIECES * UPLOAD_PIECE_BYTES;
  const answer = await exchange(options, agent, { path: "/upload", method: "POST", headers: { "content-length": total } }, async (sent) => {
    for (let piece = 0; piece < UPLOAD_PIECES; piece += 1) {
      sent.write(Buffer.alloc(UPLOAD_PIECE_BYTES, 117));
      await pause(UPLOAD_PAUSE_MS);
    }
  });
  counts.uploads += 1;
  if (answer.error !== null || answer.body !== String(total))
    fail(`upload: ${answer.error ?? `${answer.status} ${answer.body.slice(0, 80)}`}`);
}

async function download({ options, counts, fail }: Parts, agent: Agent): Promise<void> {
  const answer = await exchange(options, agent, { path: "/download" });
  counts.downloads += 1;
  if (answer.error !== null || answer.body.length !== DOWNLOAD_BYTES) fail(`download: ${answer.error ?? `${answer.body.length} bytes`}`);
}

/** Ends well when the stream is ended by the other side (or by us, at the end of the run). A cut without the last chunk is a failure. */
async function holdEventStream({ options, ending, counts, fail }: Parts, agent: Agent): Promise<void> {
  const answer = await exchange(options, agent, { path: "/events", signal: ending });
  if (ending.aborted) return;
  counts.eventStreamsEnded += 1;
  if (answer.error !== null || answer.status !== 200) fail(`event stream: ${answer.error ?? answer.status}`);
}

function holdWebSocket({ options, ending, counts, fail }: Parts, dispatcher: Dispatcher): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://${options.host}:${options.port}/`, { dispatcher });
    let opened = false;
    const leave = (): void => socket.close(1000);
    ending.addEventListener("abort", leave);
    socket.addEventListener("open", () => {
      opened = true;
      if (ending.aborted) leave();
    });
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", ({ code }) => {
      ending.removeEventListener("abort", leave);
      if (!ending.aborted) {
        counts.webSocketsClosed += 1;
        if (!opened || code !== GOING_AWAY) fail(`WebSocket: ${opened ? `closed with ${code}` : "not opened"}`);
      }
      resolve();
    });
  });
}

interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly signal?: AbortSignal;
}

interface Answered {
  readonly status: number;
  readonly body: string;
  /** A reset, a cut, or what else was no whole answer. */
  readonly error: string | null;
}

function exchange(options: StreamsOptions, agent: Agent, sent: Sent, write?: (sent: ClientRequest) => Promise<void>): Promise<Answered> {
  return new Promise((resolve) => {
    let status = 0;
    let body = "";
    const done = (error: string | null): void => resolve({ status, body, error });
    const { headers, ...rest } = sent;
    const outgoing = request(
      { ...rest, agent, host: "127.0.0.1", port: options.port, headers: { host: options.host, ...headers } },
      (answer: IncomingMessage) => {
        status = answer.statusCode ?? 0;
        answer.setEncoding("latin1");
        answer.on("data", (piece: string) => (body += piece));
        answer.once("end", () => done(answer.complete ? null : "cut"));
        answer.once("error", (error) => done(error.message));
      },
    );
    outgoing.once("error", (error) => done(error.message));
    if (write === undefined) outgoing.end();
    else
      write(outgoing).then(
        () => outgoing.end(),
        (error) => done(String(error)),
      );
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
