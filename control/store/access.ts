/** Keys, tokens and the audit trail. */
import type { Identity, KeyName } from "../../core/index.ts";
import { integer, type Row, type Statements, text } from "./rows.ts";

export interface KeyRecord {
  readonly name: KeyName;
  readonly fingerprint: string;
  readonly createdMs: number;
}

export interface TokenRecord {
  readonly name: KeyName;
  readonly createdMs: number;
  readonly expiresMs: number;
}

export function createAccessStore(sql: Statements) {
  const asKey = (row: Row): KeyRecord => ({
    name: text(row, "name") as KeyName,
    fingerprint: text(row, "fingerprint"),
    createdMs: integer(row, "created_ms"),
  });
  const asToken = (row: Row): TokenRecord => ({
    name: text(row, "name") as KeyName,
    createdMs: integer(row, "created_ms"),
    expiresMs: integer(row, "expires_ms"),
  });
  return {
    keys: (): readonly KeyRecord[] => sql.all("SELECT * FROM keys ORDER BY name").map(asKey),
    key(name: KeyName): KeyRecord | null {
      const row = sql.get("SELECT * FROM keys WHERE name = ?", name);
      return row === null ? null : asKey(row);
    },
    keyByFingerprint(fingerprint: string): KeyRecord | null {
      const row = sql.get("SELECT * FROM keys WHERE fingerprint = ?", fingerprint);
      return row === null ? null : asKey(row);
    },
    addKey(name: KeyName, fingerprint: string, publicKey: string, nowMs: number): void {
      sql.run("INSERT INTO keys (name, fingerprint, public_key, created_ms) VALUES (?, ?, ?, ?)", name, fingerprint, publicKey, nowMs);
    },
    removeKey: (name: KeyName): boolean => sql.run("DELETE FROM keys WHERE name = ?", name) > 0,

    tokens: (): readonly TokenRecord[] => sql.all("SELECT * FROM tokens ORDER BY name").map(asToken),
    token(name: KeyName): TokenRecord | null {
      const row = sql.get("SELECT * FROM tokens WHERE name = ?", name);
      return row === null ? null : asToken(row);
    },
    tokenByHash(hash: string): TokenRecord | null {
      const row = sql.get("SELECT * FROM tokens WHERE hash = ?", hash);
      return row === null ? null : asToken(row);
    },
    addToken(name: KeyName, hash: string, nowMs: number, expiresMs: number): void {
      sql.run("INSERT INTO tokens (name, hash, created_ms, expires_ms) VALUES (?, ?, ?, ?)", name, hash, nowMs, expiresMs);
    },
    removeToken: (name: KeyName): boolean => sql.run("DELETE FROM tokens WHERE name = ?", name) > 0,

    audit(identity: Identity, action: string, target: string, nowMs: number): void {
      sql.run(
        "INSERT INTO audit (at_ms, who, via, source, action, target) VALUES (?, ?, ?, ?, ?, ?)",
        nowMs,
        identity.name,
        identity.via,
        identity.from,
        action,
        target,
      );
    },
  };
}
