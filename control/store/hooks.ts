/** Hooks of apps, and what is still to be delivered to them. */
import type { AppName } from "../../core/index.ts";
import type { HookTopic } from "../api.ts";
import { integer, integerOrNull, type Row, type Statements, text, textOrNull } from "./rows.ts";
import type { Seal } from "./seal.ts";

export interface HookRecord {
  readonly id: number;
  readonly app: AppName;
  readonly url: string;
  readonly topics: readonly HookTopic[];
  readonly createdMs: number;
}

export interface DeliveryRecord {
  readonly id: number;
  readonly hook: number;
  readonly event: string;
  readonly body: string;
  readonly createdMs: number;
  readonly attempts: number;
  /** When it is tried next; null: delivered, or given up. */
  readonly nextMs: number | null;
  /** `200`, `500 Internal Server Error`, `connection refused`; null: not tried yet. */
  readonly outcome: string | null;
}

/** History kept for each hook. */
const KEPT_DELIVERIES = 100;

export function createHookStore(sql: Statements, seal: Seal) {
  const asHook = (row: Row): HookRecord => ({
    id: integer(row, "id"),
    app: text(row, "app") as AppName,
    url: text(row, "url"),
    topics: text(row, "events").split(",") as HookTopic[],
    createdMs: integer(row, "created_ms"),
  });
  const asDelivery = (row: Row): DeliveryRecord => ({
    id: integer(row, "id"),
    hook: integer(row, "hook"),
    event: text(row, "event"),
    body: text(row, "body"),
    createdMs: integer(row, "created_ms"),
    attempts: integer(row, "attempts"),
    nextMs: integerOrNull(row, "next_ms"),
    outcome: textOrNull(row, "outcome"),
  });
  const context = (app: string, url: string) => `hook:${app}:${url}`;

  return {
    hooks: (app: AppName): readonly HookRecord[] => sql.all("SELECT * FROM hooks WHERE app = ? ORDER BY id", app).map(asHook),
    hook(id: number): HookRecord | null {
      const row = sql.get("SELECT * FROM hooks WHERE id = ?", id);
      return row === null ? null : asHook(row);
    },
    secret(id: number): string {
      const row = sql.get("SELECT app, url, secret FROM hooks WHERE id = ?", id);
      if (row === null) throw new Error(`no hook ${id}`);
      return seal.open<string>(row["secret"] as Uint8Array, context(text(row, "app"), text(row, "url")));
    },
    addHook(hook: Omit<HookRecord, "id"> & { readonly secret: string }): number {
      return sql.insert(
        "INSERT INTO hooks (app, url, events, secret, created_ms) VALUES (?, ?, ?, ?, ?)",
        hook.app,
        hook.url,
        hook.topics.join(","),
        seal.seal(hook.secret, context(hook.app, hook.url)),
        hook.createdMs,
      );
    },
    removeHook: (id: number): boolean => sql.run("DELETE FROM hooks WHERE id = ?", id) > 0,

    addDelivery(hook: number, event: string, body: string, nowMs: number): void {
      sql.run(
        "INSERT INTO hook_deliveries (hook, event, body, created_ms, next_ms) VALUES (?, ?, ?, ?, ?)",
        hook,
        event,
        body,
        nowMs,
        nowMs,
      );
      sql.run(
        "DELETE FROM hook_deliveries WHERE hook = ?1 AND next_ms IS NULL AND id NOT IN (SELECT id FROM hook_deliveries WHERE hook = ?1 ORDER BY id DESC LIMIT ?2)",
        hook,
        KEPT_DELIVERIES,
      );
    },
    due: (nowMs: number): readonly DeliveryRecord[] =>
      sql.all("SELECT * FROM hook_deliveries WHERE next_ms IS NOT NULL AND next_ms <= ? ORDER BY id LIMIT 20", nowMs).map(asDelivery),
    nextDueMs(): number | null {
      const row = sql.get("SELECT min(next_ms) AS next FROM hook_deliveries WHERE next_ms IS NOT NULL");
      return row === null ? null : integerOrNull(row, "next");
    },
    noteAttempt(id: number, outcome: string, nextMs: number | null): void {
      sql.run("UPDATE hook_deliveries SET attempts = attempts + 1, outcome = ?, next_ms = ? WHERE id = ?", outcome, nextMs, id);
    },
    /** Newest first. */
    deliveries: (hook: number, limit: number): readonly DeliveryRecord[] =>
      sql.all("SELECT * FROM hook_deliveries WHERE hook = ? ORDER BY id DESC LIMIT ?", hook, limit).map(asDelivery),
  };
}
