/** Drains of apps: where their logs go, and how much of them arrived. The address is sealed: it may hold a password. */
import type { AppName } from "../../core/index.ts";
import { integer, type Row, type Statements, text, textOrNull } from "./rows.ts";
import type { Seal } from "./seal.ts";

export interface DrainRecord {
  readonly id: number;
  readonly app: AppName;
  readonly createdMs: number;
  /** Lines. */
  readonly sent: number;
  /** Lines that did not fit while it was not reached. */
  readonly lost: number;
  /** Time of the last line that was sent; null: none yet. */
  readonly until: string | null;
  /** Of the last attempt; null: it worked, or there was none. */
  readonly error: string | null;
}

export type DrainStore = ReturnType<typeof createDrainStore>;

export function createDrainStore(sql: Statements, seal: Seal) {
  const context = (app: string) => `drain:${app}`;
  const asRecord = (row: Row): DrainRecord => ({
    id: integer(row, "id"),
    app: text(row, "app") as AppName,
    createdMs: integer(row, "created_ms"),
    sent: integer(row, "sent"),
    lost: integer(row, "lost"),
    until: textOrNull(row, "until"),
    error: textOrNull(row, "error"),
  });
  return {
    all: (): readonly DrainRecord[] => sql.all("SELECT * FROM drains ORDER BY id").map(asRecord),
    of: (app: AppName): readonly DrainRecord[] => sql.all("SELECT * FROM drains WHERE app = ? ORDER BY id", app).map(asRecord),
    drain(id: number): DrainRecord | null {
      const row = sql.get("SELECT * FROM drains WHERE id = ?", id);
      return row === null ? null : asRecord(row);
    },
    url(id: number): string {
      const row = sql.get("SELECT app, url FROM drains WHERE id = ?", id);
      if (row === null) throw new Error(`no drain ${id}`);
      return seal.open<string>(row["url"] as Uint8Array, context(text(row, "app")));
    },
    add(app: AppName, url: string, nowMs: number): number {
      return sql.insert("INSERT INTO drains (app, url, created_ms) VALUES (?, ?, ?)", app, seal.seal(url, context(app)), nowMs);
    },
    remove: (id: number): boolean => sql.run("DELETE FROM drains WHERE id = ?", id) > 0,
    sent(id: number, { lines, lost, until }: { readonly lines: number; readonly lost: number; readonly until: string }): void {
      sql.run("UPDATE drains SET sent = sent + ?, lost = lost + ?, until = ?, error = NULL WHERE id = ?", lines, lost, until, id);
    },
    failed(id: number, { error, lost }: { readonly error: string; readonly lost: number }): void {
      sql.run("UPDATE drains SET lost = lost + ?, error = ? WHERE id = ?", lost, error, id);
    },
  };
}
