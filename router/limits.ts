/** Every time and number that the data path keeps to. */
export interface Limits {
  /** From the first byte (or the accept) to the end of a request's head: a slowloris is cut here. */
  readonly headMs: number;
  /** A kept-alive client connection without a request; nginx's default. */
  readonly idleClientMs: number;
  readonly connectMs: number;
  /** From the end of the request to the answer's first byte (H12). */
  readonly firstByteMs: number;
  /** Then, either way (H15). */
  readonly idleMs: number;
  /** A client that takes nothing of a large answer. Longer than idleMs: Node tells only when a whole write has gone, the kernel only when a third of its buffer is free. */
  readonly slowClientMs: number;
  /** An instance that could not be connected to is left alone for as long. */
  readonly quarantineMs: number;
  /** facts.md: Node apps close idle sockets after 5 s. */
  readonly reuseMs: number;
  /** A POST on a socket that just closed cannot be repeated: much less than the app's own timeout. */
  readonly reuseUnrepeatableMs: number;
  /** After the last answer: time for the client to read it before the connection is cut (RFC 9112 9.6). */
  readonly lingerMs: number;
  /** What is read and thrown away meanwhile: who sends more does not read the answer. */
  readonly lingerBytes: number;
  /** The router is about to end: an idle connection may send one more request for so long. */
  readonly lastRequestMs: number;
  /** A client that closed its sending side is either half-closed or gone: it gets this long for its answer. */
  readonly halfClosedMs: number;
  readonly heldPerRoute: number;
  /** Of all held requests together: their heads and what of their bodies may wait here. */
  readonly heldBytes: number;
  /** Requests and WebSockets at one instance, at once: 10,000 that are idle are no reason to refuse (H11). */
  readonly connectionsPerTarget: number;
  readonly idlePerTarget: number;
  readonly clientConnections: number;
  /** Of one HTTP/2 connection, at once. */
  readonly streamsPerConnection: number;
  /** Of one client connection: what waits for its turn (pipelined requests, a body before its instance is connected). */
  readonly waitingBytes: number;
}

/** semantics.md "Router" where nothing else is said above. */
export const LIMITS: Limits = {
  headMs: 30_000,
  idleClientMs: 75_000,
  connectMs: 5_000,
  firstByteMs: 30_000,
  idleMs: 55_000,
  slowClientMs: 300_000,
  quarantineMs: 5_000,
  reuseMs: 4_000,
  reuseUnrepeatableMs: 1_000,
  lingerMs: 2_000,
  lingerBytes: 1024 * 1024,
  lastRequestMs: 1_000,
  halfClosedMs: 2_000,
  heldPerRoute: 1_000,
  heldBytes: 32 * 1024 * 1024,
  connectionsPerTarget: 10_240,
  idlePerTarget: 1_024,
  clientConnections: 12_000,
  streamsPerConnection: 100,
  waitingBytes: 64 * 1024,
};
