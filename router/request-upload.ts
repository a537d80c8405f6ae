/** The body of one request on its way from the client: read when there is somewhere for it to go, never before. */
import type { Socket } from "node:net";
import type { ClientConnection } from "./client-connection.ts";
import { type Body, sameFraming } from "./http/body.ts";
import type { Framing } from "./http/framing.ts";

export class RequestUpload {
  /** Nothing more of it is to come. */
  complete: boolean;
  readonly #client: ClientConnection;
  readonly #body: Body;
  readonly #framing: Framing;
  #scannedBytes = 0;

  constructor(client: ClientConnection, framing: Framing) {
    this.#client = client;
    this.#framing = framing;
    this.#body = sameFraming(framing);
    this.complete = this.#body.done;
  }

  /** What is known of its length: as announced, or what has come of a chunked one (with its framing). */
  get knownBytes(): number {
    return this.#framing.kind === "length" ? this.#framing.length : this.#scannedBytes;
  }

  /** What may come to lie here while nobody takes it. */
  reservedBytes(mostBytes: number): number {
    if (this.complete) return 0;
    return this.#framing.kind === "length" ? Math.min(this.#framing.length, mostBytes) : mostBytes;
  }

  /** Moves what has arrived; the client waits while the instance does not take it. false: nothing had. Throws BadMessage. */
  pumpInto(upstream: Socket): boolean {
    const bytes = this.#client.take();
    if (bytes === null) return false;
    const out = this.#scan(bytes);
    if (out !== null && !upstream.write(out)) this.#client.pauseReading();
    else this.#client.resumeReading();
    return true;
  }

  /** No instance gets it: a small body that is here already need not cost the connection. */
  swallow(): void {
    const bytes = this.complete ? null : this.#client.take();
    if (bytes === null) return;
    try {
      this.#scan(bytes);
    } catch {
      // Broken framing: the connection closes, which is what an incomplete request does anyway.
    }
  }

  #scan(bytes: Buffer): Buffer | null {
    const { out, rest } = this.#body.scan(bytes);
    if (rest !== null) this.#client.putBack(rest);
    this.complete = this.#body.done;
    this.#scannedBytes += bytes.length - (rest?.length ?? 0);
    return out;
  }
}
