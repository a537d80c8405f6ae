/** One log file: appended in batches, one write at a time, renamed to `.1` when it is full. */
import { type FileHandle, open, rename } from "node:fs/promises";

export class LogFile {
  waitingBytes = 0;
  /** Epoch milliseconds. */
  lastWriteMs = Date.now();
  #lines: string[] = [];
  #dropped = 0;
  #handle: FileHandle | null = null;
  #sizeBytes = 0;
  #work: Promise<void> = Promise.resolve();
  #busy = false;
  readonly #path: string;
  readonly #maxFileBytes: number;
  readonly #maxWaitingBytes: number;

  constructor(path: string, maxFileBytes: number, maxWaitingBytes: number) {
    this.#path = path;
    this.#maxFileBytes = maxFileBytes;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** `line` ends with its newline and is latin1. */
  add(line: string): void {
    if (this.waitingBytes > this.#maxWaitingBytes) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.waitingBytes += line.length;
  }

  flush(): Promise<void> {
    if (!this.#busy) this.#queue(() => this.#writeWaiting());
    return this.#work;
  }

  close(): Promise<void> {
    this.#queue(() => this.#closeHandle());
    return this.#work;
  }

  discard(): Promise<void> {
    this.#lines = [];
    this.waitingBytes = 0;
    return this.close();
  }

  #queue(step: () => Promise<void>): void {
    this.#busy = true;
    // A failed step is reported by whoever waits for it; the next one starts from a closed file.
    this.#work = this.#work
      .catch(() => {})
      .then(step)
      .finally(() => {
        this.#busy = false;
      });
  }

  async #writeWaiting(): Promise<void> {
    while (this.#lines.length > 0) {
      const text = Buffer.from(this.#lines.join(""), "latin1");
      const dropped = this.#dropped;
      this.#lines = [];
      this.#dropped = 0;
      this.waitingBytes = 0;
      this.lastWriteMs = Date.now();
      if (dropped > 0) process.emitWarning(`${dropped} lines of ${this.#path} were dropped: the disk is too slow`);
      await this.#append(text);
    }
  }

  async #append(text: Buffer): Promise<void> {
    try {
      if (this.#handle === null) {
        this.#handle = await open(this.#path, "a", 0o640);
        this.#sizeBytes = (await this.#handle.stat()).size;
      }
      if (this.#sizeBytes > 0 && this.#sizeBytes + text.length > this.#maxFileBytes) await this.#rotate();
      await this.#handle.appendFile(text);
      this.#sizeBytes += text.length;
    } catch (error) {
      await this.#closeHandle();
      throw error;
    }
  }

  async #rotate(): Promise<void> {
    await this.#closeHandle();
    await rename(this.#path, `${this.#path}.1`);
    this.#handle = await open(this.#path, "a", 0o640);
    this.#sizeBytes = 0;
  }

  async #closeHandle(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}
