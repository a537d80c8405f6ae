/** Carries one answer from an instance's bytes to a client: strict head, own framing, everything else untouched. */
import type { Socket } from "node:net";
import { answerHead, interimHead } from "./http/answer-head.ts";
import { BadMessage } from "./http/bad-message.ts";
import { type Body, withFraming, withoutFraming } from "./http/body.ts";
import { MAX_HEAD_BYTES } from "./http/fields.ts";
import type { RequestHead } from "./http/request-head.ts";
import { type ResponseHead, readResponseHead } from "./http/response-head.ts";

/** Below this a head and its first body bytes go out as one text: Node writes it from the stack, without a buffer. */
const ONE_WRITE_BYTES = 15 * 1024;
const END_OF_HEAD = "\r\n\r\n";

export class ResponseRelay {
  head: ResponseHead | null = null;
  /** The whole answer was given to the client's socket. */
  done = false;
  /** The instance sent more than its answer: its connection is out of step. */
  surplus = false;
  /** The client's socket wants no more for now. */
  blocked = false;
  /** Anything at all has come from the instance. */
  begun = false;
  #body: Body | null = null;
  #unread: Buffer | null = null;
  readonly #client: Socket;
  readonly #request: RequestHead;
  readonly #keepAlive: () => boolean;
  readonly #extraLines: string;

  /** `keepAlive` is asked when the head goes out; `extraLines` are added to it, each with its CRLF. */
  constructor(client: Socket, request: RequestHead, keepAlive: () => boolean, extraLines: string) {
    this.#client = client;
    this.#request = request;
    this.#keepAlive = keepAlive;
    this.#extraLines = extraLines;
  }

  get bytes(): number {
    return this.#body?.bytes ?? 0;
  }

  /** `chunk` is read into again after the call: what must stay is copied. Throws BadMessage where the instance does not speak HTTP. */
  receive(chunk: Buffer): void {
    this.begun = true;
    if (this.#body !== null) this.#relay("", chunk);
    else this.#readHead(this.#unread === null ? chunk : Buffer.concat([this.#unread, chunk]));
  }

  /** An answer without an end of its own: server-sent events. */
  get isEventStream(): boolean {
    const at = this.head?.fields.keys.indexOf("content-type") ?? -1;
    return at >= 0 && /^text\/event-stream\b/i.test(this.head?.fields.values[at] ?? "");
  }

  /** Ends the answer for the client here, if this is a place where it can end. */
  endEarly(): boolean {
    const closing = this.done ? null : (this.#body?.endEarly() ?? null);
    if (closing === null) return false;
    if (closing.length > 0) this.#write(closing);
    this.done = true;
    return true;
  }

  /** The instance sends no more. false: the answer was cut short. */
  end(): boolean {
    const closing = this.#body?.end() ?? null;
    if (closing === null) return false;
    if (closing.length > 0) this.#write(closing);
    this.done = true;
    return true;
  }

  #readHead(bytes: Buffer): void {
    let unread = bytes;
    for (;;) {
      const end = unread.indexOf(END_OF_HEAD);
      if (end > MAX_HEAD_BYTES || (end < 0 && unread.length > MAX_HEAD_BYTES)) throw new BadMessage("an answer with too large a head");
      if (end < 0) {
        this.#unread = Buffer.from(unread);
        return;
      }
      const head = readResponseHead(unread.toString("latin1", 0, end + 2), this.#request.method);
      this.#unread = null;
      unread = unread.subarray(end + END_OF_HEAD.length);
      if (head.status >= 200) {
        this.#begin(head, unread);
        return;
      }
      if (head.status === 101) throw new BadMessage("an upgrade that nobody asked for");
      this.#relayInterim(head);
      if (unread.length === 0) return;
    }
  }

  #relayInterim(head: ResponseHead): void {
    const wanted = head.status === 100 ? this.#request.expectContinue : this.#request.minor === 1;
    if (wanted) this.#writeText(interimHead(head));
  }

  #begin(head: ResponseHead, rest: Buffer): void {
    const { method, minor, wantsTrailers } = this.#request;
    const endsWithClose = minor === 0 && (head.framing.kind === "chunked" || head.framing.kind === "until-close");
    this.head = head;
    this.#body = minor === 1 ? withFraming(head.framing, wantsTrailers) : withoutFraming(head.framing);
    const start = answerHead(head, {
      method,
      minor,
      wantsTrailers,
      keepAlive: this.#keepAlive() && !endsWithClose,
      extraLines: this.#extraLines,
    });
    this.#relay(start, rest);
  }

  #relay(start: string, chunk: Buffer): void {
    const body = this.#body as Body;
    const { out, rest } = chunk.length > 0 && !body.done ? body.scan(chunk) : { out: null, rest: chunk };
    if (rest !== null && rest.length > 0) this.surplus = true;
    if (out === null) {
      if (start !== "") this.#writeText(start);
    } else if (start !== "" && out.length + start.length <= ONE_WRITE_BYTES) {
      this.#writeText(start + out.toString("latin1"));
    } else {
      this.#client.cork();
      if (start !== "") this.#writeText(start);
      this.#write(Buffer.from(out));
      this.#client.uncork();
    }
    if (body.done) this.done = true;
  }

  #write(bytes: Buffer): void {
    if (!this.#client.write(bytes)) this.blocked = true;
  }

  /** Each character is a byte. */
  #writeText(text: string): void {
    if (!this.#client.write(text, "latin1")) this.blocked = true;
  }
}
