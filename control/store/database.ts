/** Opens the one SQLite file: WAL, full sync, exclusively (a second control process on the same data directory is refused). */
import { chmodSync, closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { PushboatError } from "../../core/index.ts";
import { MIGRATIONS } from "./migrations.ts";
import { writing } from "./unwritable.ts";

export interface Database {
  readonly sql: DatabaseSync;
  /** Runs the work in one transaction; nested calls join the outer one. */
  transaction<T>(work: () => T): T;
  /** What quick_check and foreign_key_check find; none: whole. */
  problems(): readonly string[];
  close(): void;
}

export function openDatabase(file: string): Database {
  // Before SQLite makes it for everybody to read; its -wal and -shm files take its mode.
  closeSync(openSync(file, "a", 0o600));
  chmodSync(file, 0o600);
  const sql = new DatabaseSync(file);
  try {
    // The lock is taken by the first write and held until close, so a second process fails at once.
    sql.exec(
      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=2000;",
    );
    sql.exec("BEGIN IMMEDIATE; COMMIT;");
  } catch (cause) {
    sql.close();
    throw new PushboatError({
      code: "state/locked",
      message: `the state in ${file} is in use by another process, or cannot be written`,
      hint: "Is another Pushboat running on this data directory? `sudo ./pushboat status --data DIR` tells.",
      kind: "platform",
      cause,
    });
  }
  migrate(sql);
  let depth = 0;
  return {
    sql,
    transaction(work) {
      if (depth > 0) return work();
      depth += 1;
      try {
        writing(() => sql.exec("BEGIN IMMEDIATE"));
        const result = work();
        writing(() => sql.exec("COMMIT"));
        return result;
      } catch (error) {
        // A full disk and an I/O error roll it back by themselves.
        if (sql.isTransaction) sql.exec("ROLLBACK");
        throw error;
      } finally {
        depth -= 1;
      }
    },
    problems: () => problemsOf(sql),
    close: () => sql.close(),
  };
}

function problemsOf(sql: DatabaseSync): readonly string[] {
  const faults = (sql.prepare("PRAGMA quick_check").all() as { quick_check: string }[]).map(({ quick_check: text }) => text);
  const orphans = (sql.prepare("PRAGMA foreign_key_check").all() as { table: string; rowid: number; parent: string }[]).map(
    ({ table, rowid, parent }) => `row ${rowid} of ${table} belongs to nothing in ${parent}`,
  );
  return [...faults.filter((text) => text !== "ok"), ...orphans];
}

/** Brings the state in `file` to this version's schema; the numbers of changes applied before and after. The file shall be a copy. */
export function tryMigrations(file: string): { readonly from: number; readonly to: number } {
  const before = new DatabaseSync(file);
  const from = schemaOf(before);
  before.close();
  openDatabase(file).close();
  return { from, to: MIGRATIONS.length };
}

function schemaOf(sql: DatabaseSync): number {
  return (sql.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
}

function migrate(sql: DatabaseSync): void {
  const found = schemaOf(sql);
  if (found > MIGRATIONS.length) {
    throw new PushboatError({
      code: "state/newer",
      message: `the state was written by a newer Pushboat (schema ${found}, this one knows ${MIGRATIONS.length})`,
      hint: "Start the newer version again.",
      kind: "platform",
    });
  }
  for (let version = found; version < MIGRATIONS.length; version += 1) {
    sql.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[version]}; PRAGMA user_version = ${version + 1}; COMMIT;`);
  }
}
