/** The router's log of every environment: lines gathered in memory, written in batches, in the file format of the instances' logs. */
import type { EnvironmentName } from "../core/index.ts";
import { LogFile } from "./log-file.ts";

export interface AccessLogOptions {
  readonly directory: string;
  readonly maxFileBytes: number;
  readonly onDefect: (error: unknown) => void;
}

const FLUSH_INTERVAL_MS = 80;
const FLUSH_BYTES = 64 * 1024;
/** A disk that does not keep up costs lines, never memory or requests. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const CLOSE_AFTER_IDLE_MS = 10_000;
/** A full disk is worth a word now and then, not with every batch. */
const REPORT_INTERVAL_MS = 10_000;

export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #files = new Map<EnvironmentName, LogFile>();
  #known: ReadonlySet<EnvironmentName> = new Set();
  #timer: NodeJS.Timeout | null = null;
  #quietUntilMs = 0;
  #stampMs = 0;
  #stamp = "";

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#flushAll(), FLUSH_INTERVAL_MS);
    this.#timer.unref();
  }

  write(environment: EnvironmentName, line: string): void {
    let file = this.#files.get(environment);
    if (file === undefined) {
      // The last lines of a removed environment: its file must not come back.
      if (!this.#known.has(environment)) return;
      file = new LogFile(
        `${this.#options.directory}/${encodeURIComponent(environment)}.log`,
        this.#options.maxFileBytes,
        MAX_WAITING_BYTES,
      );
      this.#files.set(environment, file);
    }
    file.add(`${this.#now()} stdout F ${line}\n`);
    if (file.waitingBytes >= FLUSH_BYTES) this.#flush(file);
  }

  /** Environments that are gone: their lines are dropped and their files closed, so that the files can be removed. */
  keepOnly(environments: ReadonlySet<EnvironmentName>): void {
    this.#known = environments;
    for (const [environment, file] of this.#files) {
      if (environments.has(environment)) continue;
      this.#files.delete(environment);
      file.discard().catch((error: unknown) => this.#report(error));
    }
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const file of this.#files.values()) {
      await file.flush();
      await file.close();
    }
  }

  #flushAll(): void {
    const idleSinceMs = Date.now() - CLOSE_AFTER_IDLE_MS;
    for (const [environment, file] of this.#files) {
      if (file.waitingBytes > 0) this.#flush(file);
      else if (file.lastWriteMs < idleSinceMs) {
        this.#files.delete(environment);
        file.close().catch((error: unknown) => this.#report(error));
      }
    }
  }

  #flush(file: LogFile): void {
    file.flush().catch((error: unknown) => this.#report(error));
  }

  #report(error: unknown): void {
    if (Date.now() < this.#quietUntilMs) return;
    this.#quietUntilMs = Date.now() + REPORT_INTERVAL_MS;
    this.#options.onDefect(error);
  }

  /** RFC 3339 with nine digits, as conmon writes it; made once for each millisecond. */
  #now(): string {
    const nowMs = Date.now();
    if (nowMs !== this.#stampMs) {
      this.#stampMs = nowMs;
      this.#stamp = `${new Date(nowMs).toISOString().slice(0, -1)}000000Z`;
    }
    return this.#stamp;
  }
}
