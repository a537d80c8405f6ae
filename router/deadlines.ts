/** Deadlines of everything that waits: one timer looks at all of them, because one timer for each request is slower than the request. */
export interface Waiting {
  /** On the clock of performance.now(); Infinity: waits for nothing. */
  deadlineMs: number;
  onDeadline(nowMs: number): void;
}

/** How late a deadline may be seen. */
const SWEEP_INTERVAL_MS = 200;

export class Deadlines {
  readonly #waiting = new Set<Waiting>();
  readonly #onSweep: (nowMs: number) => void;
  #timer: NodeJS.Timeout | null = null;

  /** `onSweep` is called each time too, for what keeps its own times. */
  constructor(onSweep: (nowMs: number) => void) {
    this.#onSweep = onSweep;
  }

  start(): void {
    this.#timer = setInterval(() => this.#sweep(performance.now()), SWEEP_INTERVAL_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  add(waiting: Waiting): void {
    this.#waiting.add(waiting);
  }

  remove(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  #sweep(nowMs: number): void {
    for (const waiting of this.#waiting) if (waiting.deadlineMs <= nowMs) waiting.onDeadline(nowMs);
    this.#onSweep(nowMs);
  }
}
