/** BullMQ over Redis carries the environment's name and nothing else: losing it loses nothing (decision 0002). */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Logger } from "pino";
import type { EnvironmentName, Settings } from "../core/index.ts";

export type JobKind = "builds" | "releases";

export interface JobQueue {
  /** From here on jobs are worked off: behind boot, which would undo what a job that came before it had begun. */
  start(): void;
  /** The environment has something to do. Never waits for Redis. */
  wake(kind: JobKind, environment: EnvironmentName): void;
  redis(): "up" | "down";
  close(): Promise<void>;
}

export interface JobQueueOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** Epoch milliseconds at which this control process started. */
  readonly startMs: number;
  /** Works off everything that waits in the environment. */
  readonly work: Readonly<Record<JobKind, (environment: EnvironmentName) => Promise<void>>>;
  /** What waits in the store, for when Redis came back empty. */
  readonly waiting: () => Readonly<Record<JobKind, readonly EnvironmentName[]>>;
}

/** Environments worked on at once. What is scarce (build containers) has a cap of its own. */
const CONCURRENCY = 64;
/** How soon a job that Redis lost is made again. */
const SWEEP_MS = 1000;
const KINDS: readonly JobKind[] = ["builds", "releases"];

export function createJobQueue({ settings, log, startMs, work, waiting }: JobQueueOptions): JobQueue {
  const connect = () => {
    const common = { maxRetriesPerRequest: null, retryStrategy: (attempt: number) => Math.min(attempt * 50, 500) };
    const redis =
      settings.redisUrl === null
        ? new Redis({ path: `${settings.runDirectory}/redis/redis.sock`, ...common })
        : new Redis(settings.redisUrl, common);
    redis.on("error", (error) => log.debug({ err: error }, "redis"));
    return redis;
  };
  const connection = connect();
  const workerConnection = connect();
  // Each control process has keys of its own: a deduplication key left by a killed one would swallow its successor's jobs.
  const family = `pushboat-${settings.platformId}`;
  const prefix = `${family}-${startMs}`;
  const working = { builds: new Set<EnvironmentName>(), releases: new Set<EnvironmentName>() };

  const started = Promise.withResolvers<void>();

  const process = async (kind: JobKind, environment: EnvironmentName): Promise<void> => {
    await started.promise;
    if (working[kind].has(environment)) return; // a stalled job that BullMQ gave out twice
    working[kind].add(environment);
    try {
      await work[kind](environment);
    } finally {
      working[kind].delete(environment);
    }
  };
  const queues = Object.fromEntries(KINDS.map((kind) => [kind, new Queue(kind, { connection, prefix })])) as Record<JobKind, Queue>;
  const workers = KINDS.map(
    (kind) =>
      new Worker(kind, (job) => process(kind, job.data.environment as EnvironmentName), {
        connection: workerConnection,
        prefix,
        concurrency: CONCURRENCY,
        lockDuration: 10_000,
        stalledInterval: 5_000,
      }),
  );
  const ignore = (error: Error) => log.debug({ err: error }, "queue");
  for (const worker of workers) worker.on("error", ignore);
  for (const queue of Object.values(queues)) queue.on("error", ignore);

  const wake = (kind: JobKind, environment: EnvironmentName): void => {
    if (connection.status !== "ready") return; // made again by the sweep
    queues[kind]
      .add(
        "work",
        { environment },
        { deduplication: { id: environment, keepLastIfActive: true }, removeOnComplete: true, removeOnFail: true },
      )
      .catch((error) => log.debug({ err: error }, "queue"));
  };
  let closed = false;
  const sweep = (): void => {
    if (closed) return; // Redis came up while we were closing: the store is gone
    const missing = waiting();
    for (const kind of KINDS) for (const environment of missing[kind]) if (!working[kind].has(environment)) wake(kind, environment);
  };
  const timer = setInterval(sweep, SWEEP_MS);
  connection.on("ready", sweep);
  connection.once("ready", () => {
    forgetEarlier(connection, family, prefix).catch(ignore);
  });

  return {
    start: () => started.resolve(),
    wake,
    redis: () => (connection.status === "ready" ? "up" : "down"),
    async close() {
      closed = true;
      clearInterval(timer);
      for (const worker of workers) await worker.close(true).catch(() => undefined);
      for (const queue of Object.values(queues)) await queue.close().catch(() => undefined);
      connection.disconnect();
      workerConnection.disconnect();
    },
  };
}

/** What an earlier control left in Redis: every job is made again from the store. */
async function forgetEarlier(redis: Redis, family: string, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${family}-*`, count: 500 })) {
    const old = (keys as string[]).filter((key) => !key.startsWith(`${prefix}:`));
    if (old.length > 0) await redis.unlink(old);
  }
}
