/** One drain at work: lines come in and wait, batches go out, what fails is tried again; what did not fit is counted. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DrainRecord, DrainStore } from "../store/drains.ts";
import { DrainBuffer, type DrainLine } from "./drain-buffer.ts";
import { parseDrainUrl } from "./drain-url.ts";
import { createSender, wordOf } from "./senders.ts";

export interface Drain {
  readonly id: number;
  add(line: DrainLine): void;
  /** Lines that wait. */
  waiting(): number;
  close(): void;
}

export interface DrainOptions {
  readonly record: DrainRecord;
  readonly url: string;
  readonly store: DrainStore;
  /** HOSTNAME of syslog. */
  readonly hostname: string;
  readonly log: { warn(fields: object, text: string): void };
}

const BATCH_LINES = 500;
const BATCH_BYTES = 512 * 1024;
/** Lines that come together go together. */
const GATHER_MS = 200;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export function createDrain({ record, url, store, hostname, log }: DrainOptions): Drain {
  const buffer = new DrainBuffer();
  const sender = createSender(parseDrainUrl(url), hostname);
  const over = new AbortController();
  let wake: () => void = () => undefined;
  /** Up to here there is nothing to send: the control before this one did, or it was written before there was this drain. */
  const from = record.until ?? new Date(record.createdMs).toISOString();

  const work = async (): Promise<void> => {
    let failures = 0;
    while (!over.signal.aborted) {
      if (buffer.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        await sleep(GATHER_MS, undefined, { signal: over.signal });
        continue;
      }
      const batch = buffer.first(BATCH_LINES, BATCH_BYTES);
      try {
        await sender.send(batch, over.signal);
        if (over.signal.aborted) return;
        buffer.remove(batch);
        failures = 0;
        store.sent(record.id, { lines: batch.length, lost: buffer.takeLost(), until: batch.at(-1)?.time ?? "" });
      } catch (error) {
        if (over.signal.aborted) return;
        if (failures === 0) log.warn({ drain: record.id, err: error }, "logs did not reach a drain");
        store.failed(record.id, { error: wordOf(error), lost: buffer.takeLost() });
        const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
        failures += 1;
        await sleep(delayMs * (1 + Math.random() / 4), undefined, { signal: over.signal });
      }
    }
  };
  work().catch((error) => {
    if (!over.signal.aborted) log.warn({ drain: record.id, err: error }, "a drain ended");
  });

  return {
    id: record.id,
    add(line) {
      if (line.time <= from) return;
      buffer.add(line);
      wake();
    },
    waiting: () => buffer.size,
    close() {
      over.abort();
      wake();
      sender.close();
    },
  };
}
