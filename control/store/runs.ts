/** Detached one-offs and cron runs: begun, ended, with the last part of their output; and how far each cron job has been looked at. */
import type { EnvironmentName } from "../../core/index.ts";
import type { Database } from "./database.ts";
import { integer, integerOrNull, type Row, type Statements, text, textOrNull } from "./rows.ts";

/** skipped: due, and not run; lost: it ended with the machine or with a `down`. */
export type RunState = "running" | "done" | "failed" | "skipped" | "lost";

export interface RunRecord {
  /** Unique on the platform: `run.17`, `cron.18`. */
  readonly id: number;
  readonly environment: EnvironmentName;
  /** null: `run --detach`. */
  readonly job: string | null;
  readonly command: string;
  readonly release: number;
  readonly by: string;
  /** When the schedule wanted it; null: somebody asked for it. */
  readonly dueMs: number | null;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly state: RunState;
  readonly exitCode: number | null;
  readonly reason: string | null;
}

export type NewRun = Pick<RunRecord, "environment" | "job" | "command" | "release" | "by" | "dueMs" | "startedMs">;

export interface RunEnd {
  readonly state: Exclude<RunState, "running">;
  readonly endedMs: number;
  readonly exitCode: number | null;
  readonly reason: string;
  readonly output: string;
}

/** Of each job, and of all that `run --detach` started in an environment. */
const RUNS_KEPT = 50;

export function createRunStore(database: Database, sql: Statements) {
  const asRun = (row: Row): RunRecord => ({
    id: integer(row, "id"),
    environment: text(row, "environment") as EnvironmentName,
    job: textOrNull(row, "job"),
    command: text(row, "command"),
    release: integer(row, "release"),
    by: text(row, "by"),
    dueMs: integerOrNull(row, "due_ms"),
    startedMs: integer(row, "started_ms"),
    endedMs: integerOrNull(row, "ended_ms"),
    state: text(row, "state") as RunState,
    exitCode: integerOrNull(row, "exit_code"),
    reason: textOrNull(row, "reason"),
  });

  return {
    /** A number that nothing else that runs has; for a run with somebody attached, which has no row. */
    nextNumber(): number {
      return database.transaction(() => {
        sql.run("UPDATE meta SET value = value + 1 WHERE key = 'last_run'");
        return integer(sql.get("SELECT value FROM meta WHERE key = 'last_run'") ?? {}, "value");
      });
    },
    /** Answers its number. Forgets the oldest of its kind that have ended. */
    begin(run: NewRun): number {
      return database.transaction(() => {
        const id = this.nextNumber();
        sql.run(
          "INSERT INTO runs (id, environment, job, command, release, by, due_ms, started_ms, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running')",
          id,
          run.environment,
          run.job,
          run.command,
          run.release,
          run.by,
          run.dueMs,
          run.startedMs,
        );
        sql.run(
          "DELETE FROM runs WHERE environment = ?1 AND job IS ?2 AND state != 'running' AND id NOT IN (SELECT id FROM runs WHERE environment = ?1 AND job IS ?2 ORDER BY id DESC LIMIT ?3)",
          run.environment,
          run.job,
          RUNS_KEPT,
        );
        return id;
      });
    },
    /** False: it had ended already. */
    end(id: number, end: RunEnd): boolean {
      return (
        sql.run(
          "UPDATE runs SET state = ?, ended_ms = ?, exit_code = ?, reason = ?, output = ? WHERE id = ? AND state = 'running'",
          end.state,
          end.endedMs,
          end.exitCode,
          end.reason,
          end.output,
          id,
        ) > 0
      );
    },
    run(environment: EnvironmentName, id: number): RunRecord | null {
      const row = sql.get("SELECT * FROM runs WHERE environment = ? AND id = ?", environment, id);
      return row === null ? null : asRun(row);
    },
    output(id: number): string {
      const row = sql.get("SELECT output FROM runs WHERE id = ?", id);
      return row === null ? "" : (textOrNull(row, "output") ?? "");
    },
    /** Newest first; job undefined: of all kinds, null: of `run --detach`. */
    runs(environment: EnvironmentName, job: string | null | undefined, limit: number): readonly RunRecord[] {
      const rows =
        job === undefined
          ? sql.all("SELECT * FROM runs WHERE environment = ? ORDER BY id DESC LIMIT ?", environment, limit)
          : sql.all("SELECT * FROM runs WHERE environment = ? AND job IS ? ORDER BY id DESC LIMIT ?", environment, job, limit);
      return rows.map(asRun);
    },
    running(environment?: EnvironmentName): readonly RunRecord[] {
      const rows =
        environment === undefined
          ? sql.all("SELECT * FROM runs WHERE state = 'running'")
          : sql.all("SELECT * FROM runs WHERE environment = ? AND state = 'running'", environment);
      return rows.map(asRun);
    },

    /** Up to when this job's times were looked at; null: never, or its schedule was another one. */
    mark(environment: EnvironmentName, job: string, rule: string): number | null {
      const row = sql.get("SELECT since_ms FROM cron_marks WHERE environment = ? AND job = ? AND rule = ?", environment, job, rule);
      return row === null ? null : integer(row, "since_ms");
    },
    /** Forgets those of other jobs. */
    keepMarks(environment: EnvironmentName, jobs: readonly string[]): void {
      sql.run(
        "DELETE FROM cron_marks WHERE environment = ? AND job NOT IN (SELECT value FROM json_each(?))",
        environment,
        JSON.stringify(jobs),
      );
    },
    setMark(environment: EnvironmentName, job: string, rule: string, sinceMs: number): void {
      sql.run(
        "INSERT INTO cron_marks (environment, job, rule, since_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET rule = excluded.rule, since_ms = excluded.since_ms",
        environment,
        job,
        rule,
        sinceMs,
      );
    },
  };
}
