/** One request and its answer: where it goes, what is tried, what the client is told, what the log says. */

import { Attempts } from "./attempts.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { RouterContext } from "./context.ts";
import { type Destination, destinationOf } from "./destination.ts";
import { FAILURES, type Failure } from "./failure.ts";
import type { Held } from "./holding.ts";
import { hostName, portOf } from "./host.ts";
import { BadMessage } from "./http/bad-message.ts";
import { type ForwardingFacts, forwardedHead } from "./http/forwarded-head.ts";
import { fieldOf, type RequestHead } from "./http/request-head.ts";
import { logLine } from "./log-line.ts";
import { isInNetworks } from "./networks.ts";
import { type Origin, originBehind } from "./origin.ts";
import { failurePage, movedPage, movedStatus, plainPage, unauthorizedPage, welcomePage } from "./page.ts";
import { requestId } from "./request-id.ts";
import { RequestUpload } from "./request-upload.ts";
import { ResponseRelay } from "./response-relay.ts";
import type { BookedRoute } from "./route-book.ts";
import type { LongLived, Target } from "./target.ts";
import { Upgrade } from "./upgrade.ts";
import { UpstreamConnection, type UpstreamOwner } from "./upstream-connection.ts";

/*
 *  deciding ──> holding ──(new table)──> deciding
 *     └──> connecting ──> waiting ──> streaming ──> [uploading] ──> finished
 *               │            └─(reused socket had closed)─> connecting
 *               └──> upgrading ──> finished
 *  Anything but finished can fail; a failure before the answer's head gives a page, after it a cut connection.
 *  uploading: the answer is complete, the request's body is not.
 */
type Phase = "deciding" | "holding" | "connecting" | "waiting" | "streaming" | "uploading" | "upgrading" | "finished";

/** RFC 9110 9.2.2. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Methods whose body every app reads. Of others an app may take it for the next request (CL.0): such a connection serves nobody else. */
const WITH_BODY = new Set(["POST", "PUT", "PATCH"]);

const DEFAULT_HTTPS_PORT = 443;

/** Of connect(2): this machine has no descriptor, port or memory left, or does not allow it. No instance is to blame. */
const LOCAL_FAULTS: ReadonlySet<string | undefined> = new Set([
  "EMFILE",
  "ENFILE",
  "EADDRNOTAVAIL",
  "ENOBUFS",
  "ENOMEM",
  "EACCES",
  "EPERM",
]);

export class Exchange implements UpstreamOwner, Held, LongLived {
  readonly #context: RouterContext;
  readonly #client: ClientConnection;
  readonly #request: RequestHead;
  readonly #id: string;
  readonly #origin: Origin;
  readonly #startMs: number;
  readonly #wallStartMs = Date.now();
  readonly #upload: RequestUpload;
  readonly #attempts = new Attempts();
  #phase: Phase = "deciding";
  #route: BookedRoute | null = null;
  #target: Target | null = null;
  /** For the log; stays when the target was left. */
  #instance: string | null = null;
  #upstream: UpstreamConnection | null = null;
  #relay: ResponseRelay | null = null;
  #upgrade: Upgrade | null = null;
  #retried = false;
  /** Of a sticky environment: the request goes to another instance than its cookie says. */
  #strays = false;
  /** The instance (or the router) is about to stop. */
  #leaving = false;
  #defective = false;
  /** Control's git door: a push may take as long as it takes. */
  #patient = false;
  #attemptMs = 0;
  #connectMs: number | null = null;
  #sentMs: number | null = null;

  constructor(context: RouterContext, client: ClientConnection, request: RequestHead, startMs: number) {
    this.#context = context;
    this.#client = client;
    this.#request = request;
    this.#startMs = startMs;
    const { trustedProxies } = context;
    this.#origin = trustedProxies !== null && client.isTrusted ? originBehind(client.peer, request.fields, trustedProxies) : client.peer;
    this.#id = requestId(request.requestId);
    this.#upload = new RequestUpload(client, request.framing);
  }

  /** Nothing more of the request is to come. */
  get requestComplete(): boolean {
    return this.#upload.complete;
  }

  begin(): void {
    const host = hostName(this.#request.host);
    const { book, domain } = this.#context;
    const { protocol } = this.#origin;
    const route = book.find(host);
    const challengeAnswer = book.challengeAnswer(host, this.#request.target);
    if (challengeAnswer !== null) {
      // Before any password, redirect or sleep: the authority has none, and is no visitor.
      this.#upload.swallow();
      this.#answer(plainPage(this.#asker(), challengeAnswer), 200, null);
      return;
    }
    this.#visit(route ?? null);
    const refusal = route === undefined ? null : this.#refusal(route);
    if (refusal !== null) {
      this.#fail(refusal);
      return;
    }
    const authorization = route?.access == null ? null : fieldOf(this.#request, "authorization");
    this.#follow(destinationOf({ host, path: this.#request.target, route, authorization, domain, protocol, ready: book.version !== null }));
  }

  /** A new table came while this was held. */
  reconsider(): void {
    if (this.#phase !== "holding") return;
    if (this.#route !== null) this.#context.holding.remove(this.#route.environment, this);
    this.begin();
  }

  /** Bytes of the request's body are there (or the instance can take more). */
  pump(): void {
    if (this.requestComplete || this.#upstream === null || (this.#phase !== "waiting" && !this.#hasAnswerHead())) return;
    try {
      if (!this.#upload.pumpInto(this.#upstream.socket)) return;
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error;
      this.#fail(FAILURES.badRequest);
      return;
    }
    if (this.#route !== null && this.#upload.knownBytes > this.#route.maxBodyBytes) {
      this.#fail(FAILURES.bodyTooLarge);
      return;
    }
    if (this.#phase === "uploading" && this.requestComplete) this.#finish(null);
    else this.#awaitProgress();
  }

  onClientDrain(): void {
    if (this.#relay === null || this.#upstream === null) return;
    this.#relay.blocked = false;
    this.#upstream.socket.resume();
    this.#awaitProgress();
  }

  /** The client is gone: nobody reads an answer, so no instance shall work on one. */
  onClientGone(): void {
    if (this.#phase === "finished") return;
    const over = this.#phase === "uploading" || this.#upgrade?.opened === true;
    this.#finish(over ? null : FAILURES.clientGone);
  }

  onDeadline(nowMs: number): void {
    switch (this.#phase) {
      case "holding":
        this.#fail(FAILURES.bootTimeout);
        return;
      case "connecting":
        this.#connectFailed(FAILURES.connectTimeout);
        return;
      case "waiting":
        this.#fail(this.requestComplete ? FAILURES.noFirstByte : FAILURES.idle);
        return;
      case "upgrading":
        if (this.#upgrade?.opened !== true) {
          this.#fail(FAILURES.noFirstByte);
          return;
        }
        if (this.#upgrade.isIdle(nowMs)) this.#fail(FAILURES.idle);
        return;
      default:
        this.#fail(FAILURES.idle);
        return;
    }
  }

  /** Something here threw: reported, and answered as our own fault. */
  onDefect(error?: unknown): void {
    if (error !== undefined) this.#context.onDefect(error);
    this.#defective = true;
    if (this.#phase !== "finished") this.#fail(FAILURES.ours);
  }

  onUpstreamConnected(): void {
    this.#connectMs = performance.now() - this.#attemptMs;
    this.#send();
  }

  onUpstreamData(chunk: Buffer): void {
    const relay = this.#relay as ResponseRelay;
    try {
      relay.receive(chunk);
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error;
      this.#fail(FAILURES.malformed);
      return;
    }
    if (relay.done) {
      this.#answered();
      return;
    }
    if (relay.head !== null && this.#phase === "waiting") {
      this.#phase = "streaming";
      if (relay.isEventStream) this.#target?.watchLeaving(this);
    }
    if (this.#leaving && this.#endStream()) return;
    if (relay.blocked) this.#upstream?.socket.pause();
    this.#awaitProgress();
  }

  onUpstreamDrain(): void {
    this.#client.resumeReading();
    this.pump();
  }

  onUpstreamEnd(): void {
    if (this.#phase === "uploading") {
      this.#finish(null);
      return;
    }
    if (this.#relay?.end() === true) {
      this.#finish(null);
      return;
    }
    this.#cutShort();
  }

  onUpstreamClosed(error: NodeJS.ErrnoException | null): void {
    if (this.#phase === "connecting") {
      if (LOCAL_FAULTS.has(error?.code)) this.#fail(FAILURES.ours);
      else this.#connectFailed(error?.code === "ETIMEDOUT" ? FAILURES.connectTimeout : FAILURES.refused);
      return;
    }
    if (this.#phase === "uploading") {
      this.#finish(null);
      return;
    }
    this.#cutShort();
  }

  /** What has no end of its own ends here: a WebSocket with a close frame, an event stream behind a whole chunk. */
  onInstanceLeaving(): void {
    this.#leaving = true;
    if (this.#upgrade !== null) this.#upgrade.announceClose();
    else if (this.#phase === "streaming") this.#endStream();
  }

  #endStream(): boolean {
    if (this.#relay?.isEventStream !== true || !this.#relay.endEarly()) return false;
    this.#finish(null);
    return true;
  }

  #follow(destination: Destination): void {
    switch (destination.kind) {
      case "send":
        this.#attempt();
        return;
      case "hold":
        this.#hold(destination.route);
        return;
      case "git":
        this.#patient = true;
        this.#connect(this.#context.gitDoor, false);
        return;
      case "moved":
        this.#upload.swallow();
        this.#answer(movedPage(this.#asker(), this.#urlAt(destination)), movedStatus(this.#request.method), null);
        return;
      case "welcome":
        this.#answer(welcomePage(this.#asker()), 200, null);
        return;
      case "fail":
        this.#fail(destination.failure);
        return;
      case "unauthorized":
        this.#upload.swallow();
        this.#answer(unauthorizedPage(this.#asker(), destination.route.environment), 401, null);
        return;
    }
  }

  /** What the app's owner does not want here. Before anything else: such a request wakes nobody and is asked no password. */
  #refusal(route: BookedRoute): Failure | null {
    if (route.allowed !== null && !isInNetworks(route.allowed, this.#origin.clientAddress)) return FAILURES.notAllowed;
    if (this.#upload.knownBytes > route.maxBodyBytes) return FAILURES.bodyTooLarge;
    return this.#context.visits.active(route.environment) > route.maxRequests ? FAILURES.backlog : null;
  }

  /** The environment that this request counts for; another one only where the table changed meanwhile. */
  #visit(route: BookedRoute | null): void {
    const { visits } = this.#context;
    if (this.#route !== null) visits.leave(this.#route.environment, performance.now());
    this.#route = route;
    if (route !== null) visits.enter(route.environment);
  }

  #hold(route: BookedRoute): void {
    if (!this.#context.holding.add(route.environment, this, this.#upload.reservedBytes(this.#context.limits.waitingBytes))) {
      this.#fail(FAILURES.bootTimeout);
      return;
    }
    this.#phase = "holding";
    if (route.condition === "asleep") this.#context.visits.wake(route.environment);
    this.#client.deadlineMs = this.#startMs + route.holdMs;
  }

  #attempt(): void {
    const { limits, random } = this.#context;
    const rules = { connectionsPerTarget: limits.connectionsPerTarget, random };
    const preferred = this.#route?.sticky?.find(this.#request) ?? null;
    const target = this.#attempts.next(this.#route?.targets ?? [], performance.now(), rules, preferred);
    this.#strays = this.#route?.sticky !== null && target !== preferred;
    if (target === null) this.#fail(this.#attempts.lastFailure);
    else this.#connect(target, !this.#retried && !this.#request.upgrade);
  }

  #connect(target: Target, mayReuse: boolean): void {
    const { limits } = this.#context;
    this.#target = target;
    this.#instance = target.instance;
    target.enter();
    this.#attemptMs = performance.now();
    const idleMs = this.#isRepeatable() ? limits.reuseMs : limits.reuseUnrepeatableMs;
    const idle = mayReuse ? target.takeIdle(idleMs, this.#attemptMs) : null;
    if (idle !== null) {
      idle.own(this);
      this.#upstream = idle;
      this.#connectMs = 0;
      this.#send();
      return;
    }
    this.#phase = "connecting";
    this.#client.deadlineMs = this.#attemptMs + limits.connectMs;
    this.#upstream = new UpstreamConnection(target, this, this.#isTunnel() ? "stream" : "shared-buffer");
  }

  #connectFailed(failure: Failure): void {
    const target = this.#target as Target;
    this.#release("abort");
    if (this.#patient) {
      this.#fail(FAILURES.gitDown);
      return;
    }
    target.quarantinedUntilMs = performance.now() + this.#context.limits.quarantineMs;
    this.#attempts.failed(target, failure);
    // By the table as it is now: it may have changed meanwhile.
    this.begin();
  }

  #send(): void {
    const upstream = this.#upstream as UpstreamConnection;
    this.#sentMs = performance.now();
    if (this.#isTunnel()) {
      this.#startUpgrade(upstream);
      return;
    }
    this.#phase = "waiting";
    this.#relay = new ResponseRelay(this.#client.socket, this.#request, () => this.#mayKeepAlive(), this.#extraLines());
    const head = forwardedHead(this.#request, this.#facts());
    if (this.requestComplete) {
      upstream.socket.write(head, "latin1");
      this.#awaitProgress();
      return;
    }
    upstream.socket.cork();
    upstream.socket.write(head, "latin1");
    this.#awaitProgress();
    this.pump();
    upstream.socket.uncork();
  }

  #startUpgrade(upstream: UpstreamConnection): void {
    this.#phase = "upgrading";
    this.#client.deadlineMs = performance.now() + this.#context.limits.firstByteMs;
    this.#upgrade = new Upgrade({
      client: this.#client,
      upstream: upstream.detach(),
      request: this.#request,
      facts: this.#facts(),
      idleMs: this.#context.limits.idleMs,
      onOpen: () => (this.#leaving ? this.onInstanceLeaving() : this.#target?.watchLeaving(this)),
      onEnd: (failure) => (failure === null ? this.#finish(null) : this.#fail(failure)),
    });
  }

  /** The whole answer is out. */
  #answered(): void {
    if (this.requestComplete) {
      this.#finish(null);
      return;
    }
    // A client that waits for 100 will not send its body now; and an instance that closes will not read it.
    if (this.#request.expectContinue || this.#relay?.head?.keepAlive !== true) {
      this.#finish(null);
      return;
    }
    this.#phase = "uploading";
    this.#awaitProgress();
  }

  /** The instance closed the connection before its answer was complete. */
  #cutShort(): void {
    const relay = this.#relay;
    if (relay !== null && relay.head !== null) {
      this.#fail(FAILURES.interrupted);
      return;
    }
    const stale = this.#upstream?.reused === true && relay?.begun !== true;
    if (!stale || this.#retried || !this.#isRepeatable()) {
      this.#fail(FAILURES.noResponse);
      return;
    }
    this.#retried = true;
    this.#release("abort");
    this.#attempts.lastFailure = FAILURES.noResponse;
    this.begin();
  }

  #isTunnel(): boolean {
    return this.#request.upgrade && !this.#patient;
  }

  #isRepeatable(): boolean {
    return this.#request.framing.kind === "none" && IDEMPOTENT.has(this.#request.method);
  }

  #hasUnusualBody(): boolean {
    return this.#request.framing.kind !== "none" && !WITH_BODY.has(this.#request.method);
  }

  #hasAnswerHead(): boolean {
    return this.#phase === "streaming" || this.#phase === "uploading";
  }

  #mayKeepAlive(): boolean {
    return this.#request.keepAlive && !this.#isTunnel() && !this.#defective && !this.#client.isHalfClosed && !this.#context.isClosing();
  }

  #awaitProgress(): void {
    const { limits } = this.#context;
    if (this.#patient) this.#client.deadlineMs = Number.POSITIVE_INFINITY;
    else if (this.#phase === "waiting" && this.requestComplete) this.#client.deadlineMs = performance.now() + limits.firstByteMs;
    else this.#client.deadlineMs = performance.now() + (this.#relay?.blocked === true ? limits.slowClientMs : limits.idleMs);
  }

  #fail(failure: Failure): void {
    if (this.#relay?.head != null || this.#upgrade?.opened === true) {
      this.#finish(failure);
      return;
    }
    this.#upload.swallow();
    this.#answer(failurePage(failure, this.#asker(), this.#route), failure.status, failure);
  }

  /** Our own answer instead of an app's. */
  #answer(page: Buffer, status: number, failure: Failure | null): void {
    const { keepAlive } = this.#asker();
    this.#end("abort");
    this.#client.socket.write(page);
    this.#writeLog(status, 0, failure);
    this.#client.onExchangeDone(keepAlive ? "keep" : "close");
  }

  /** Ends without a page: the answer is out (null), or it cannot be mended any more. */
  #finish(failure: Failure | null): void {
    const { head, surplus, bytes } = this.#relay ?? { head: null, surplus: false, bytes: 0 };
    const upgrade = this.#upgrade;
    const keeps = this.requestComplete && upgrade === null && this.#isDelimited() && this.#mayKeepAlive();
    const reusable = this.requestComplete && !surplus && !this.#leaving && !this.#hasUnusualBody() && head?.keepAlive === true;
    this.#end(failure !== null ? "abort" : reusable ? "keep" : "close");
    this.#writeLog(failure?.status ?? head?.status ?? upgrade?.status ?? 0, upgrade?.bytes ?? bytes, failure);
    this.#client.onExchangeDone(failure !== null ? "cut" : keeps ? "keep" : "close");
  }

  /** The client can see where this answer ended without a close. */
  #isDelimited(): boolean {
    const framing = this.#relay?.head?.framing.kind;
    return this.#request.minor === 1 || framing === "none" || framing === "length";
  }

  #end(upstreamFate: "keep" | "close" | "abort"): void {
    if (this.#phase === "holding" && this.#route !== null) this.#context.holding.remove(this.#route.environment, this);
    if (this.#phase !== "finished" && this.#route !== null) this.#context.visits.leave(this.#route.environment, performance.now());
    this.#phase = "finished";
    this.#upgrade?.cut(upstreamFate === "abort");
    this.#release(upstreamFate);
  }

  #release(fate: "keep" | "close" | "abort"): void {
    const upstream = this.#upstream;
    this.#upstream = null;
    if (fate === "keep" && !this.#patient) upstream?.release(performance.now());
    else if (fate === "abort") upstream?.abort();
    else upstream?.destroy();
    this.#target?.unwatchLeaving(this);
    this.#target?.leave();
    this.#target = null;
  }

  #writeLog(status: number, bytes: number, failure: Failure | null): void {
    this.#context.counts.add(this.#route?.environment ?? null, status, performance.now() - this.#startMs);
    if (this.#route === null) return;
    const line = logLine({
      method: this.#request.method,
      path: this.#request.target,
      host: this.#request.host,
      requestId: this.#id,
      clientAddress: this.#origin.clientAddress,
      instance: this.#instance,
      connectMs: this.#connectMs,
      serviceMs: this.#sentMs === null ? null : performance.now() - this.#sentMs,
      status,
      bytes,
      protocol: this.#origin.protocol,
      failure,
    });
    this.#context.accessLog.write(this.#route.environment, line);
  }

  #facts(): ForwardingFacts {
    return {
      ...this.#origin,
      requestId: this.#id,
      startMs: this.#wallStartMs,
      hidesAuthorization: this.#route?.access != null,
    };
  }

  /** What the environment's answers say beside the app's own headers. */
  #extraLines(): string {
    const route = this.#route;
    if (route === null) return "";
    const hsts = route.hstsSeconds !== null && this.#origin.protocol === "https";
    return `${route.noindex ? "X-Robots-Tag: noindex\r\n" : ""}${hsts ? `Strict-Transport-Security: max-age=${route.hstsSeconds}\r\n` : ""}${this.#stickyLine(route)}`;
  }

  #stickyLine({ sticky }: BookedRoute): string {
    return sticky === null || this.#target === null || !this.#strays ? "" : sticky.cookieLine(this.#target, this.#origin.protocol);
  }

  #urlAt({ protocol, host }: Pick<Destination & { readonly kind: "moved" }, "protocol" | "host">): string {
    const { target } = this.#request;
    // Behind a proxy it is the proxy that clients come to over HTTPS.
    const httpsPort = this.#client.isTrusted ? DEFAULT_HTTPS_PORT : this.#context.httpsPort;
    const port = protocol === this.#origin.protocol ? portOf(this.#request.host) : httpsPort === DEFAULT_HTTPS_PORT ? "" : `:${httpsPort}`;
    return `${protocol}://${host}${port}${target === "*" ? "/" : target}`;
  }

  #asker() {
    const { method, accept, minor } = this.#request;
    return { method, accept, minor, keepAlive: this.#mayKeepAlive() && this.requestComplete, requestId: this.#id };
  }
}
