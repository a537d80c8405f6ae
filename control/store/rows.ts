/** Rows of node:sqlite as typed values: one small wrapper, so that each statement is prepared once. */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { writing } from "./unwritable.ts";

export type Row = Readonly<Record<string, string | number | bigint | Uint8Array | null>>;

export interface Statements {
  get(sql: string, ...values: SQLInputValue[]): Row | null;
  all(sql: string, ...values: SQLInputValue[]): readonly Row[];
  /** Answers the number of changed rows. */
  run(sql: string, ...values: SQLInputValue[]): number;
  /** Answers the id of the inserted row. */
  insert(sql: string, ...values: SQLInputValue[]): number;
}

export function statements(database: DatabaseSync): Statements {
  const prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const prepare = (sql: string) => {
    let statement = prepared.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      prepared.set(sql, statement);
    }
    return statement;
  };
  return {
    get: (sql, ...values) => (prepare(sql).get(...values) as Row | undefined) ?? null,
    all: (sql, ...values) => prepare(sql).all(...values) as Row[],
    run: (sql, ...values) => Number(writing(() => prepare(sql).run(...values)).changes),
    insert: (sql, ...values) => Number(writing(() => prepare(sql).run(...values)).lastInsertRowid),
  };
}

export const text = (row: Row, column: string): string => String(row[column]);
export const integer = (row: Row, column: string): number => Number(row[column]);
export const textOrNull = (row: Row, column: string): string | null => (row[column] === null ? null : String(row[column]));
export const integerOrNull = (row: Row, column: string): number | null => (row[column] === null ? null : Number(row[column]));
export const bytesOrNull = (row: Row, column: string): Uint8Array | null =>
  row[column] instanceof Uint8Array ? (row[column] as Uint8Array) : null;
