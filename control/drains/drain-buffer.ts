/** Lines that wait for a drain: bounded in number and bytes; where it is full the oldest go, and are counted. */
import type { EnvironmentName, LogLine } from "../../core/index.ts";

export interface DrainLine extends LogLine {
  readonly environment: EnvironmentName;
}

export const MAX_LINES = 10_000;
export const MAX_BYTES = 8 * 1024 * 1024;
/** Time, source and environment beside the text. */
const LINE_OVERHEAD_BYTES = 100;

export class DrainBuffer {
  #lines: DrainLine[] = [];
  #bytes = 0;
  /** Since it was asked for. */
  #lost = 0;

  get size(): number {
    return this.#lines.length;
  }

  add(line: DrainLine): void {
    this.#lines.push(line);
    this.#bytes += bytesOf(line);
    if (this.#lines.length > MAX_LINES || this.#bytes > MAX_BYTES) this.#dropOldest();
  }

  /** The oldest ones; they stay until `remove`. */
  first(most: number, mostBytes: number): readonly DrainLine[] {
    const batch: DrainLine[] = [];
    let bytes = 0;
    for (const line of this.#lines) {
      bytes += bytesOf(line);
      if (batch.length === most || (batch.length > 0 && bytes > mostBytes)) break;
      batch.push(line);
    }
    return batch;
  }

  /** They arrived. Some of them may have been dropped meanwhile: answers those that were not, and takes them off the loss. */
  remove(batch: readonly DrainLine[]): void {
    const arrived = new Set(batch);
    const kept = this.#lines.filter((line) => !arrived.has(line));
    this.#lost -= batch.length - (this.#lines.length - kept.length);
    this.#lines = kept;
    this.#bytes = kept.reduce((sum, line) => sum + bytesOf(line), 0);
  }

  takeLost(): number {
    const lost = Math.max(0, this.#lost);
    this.#lost = 0;
    return lost;
  }

  /** A tenth at once: what is full stays full for long, and each line would move all others. */
  #dropOldest(): void {
    const count = Math.max(1, Math.floor(this.#lines.length / 10));
    const dropped = this.#lines.splice(0, count);
    this.#bytes -= dropped.reduce((sum, line) => sum + bytesOf(line), 0);
    this.#lost += dropped.length;
  }
}

function bytesOf({ text }: DrainLine): number {
  return Buffer.byteLength(text) + LINE_OVERHEAD_BYTES;
}
