/** Keys, tokens and the audit trail. */
import type { AppName, Identity, KeyName, Role } from "../../core/index.ts";
import { integer, type Row, type Statements, text, textOrNull } from "./rows.ts";

/** What a key or token may do, and where. */
export interface Rights {
  readonly role: Role;
  readonly app: AppName | null;
  /** Pattern of branch names; null: all, and production. */
  readonly branches: string | null;
}

export interface AuditRecord {
  readonly atMs: number;
  readonly who: string;
  readonly via: string;
  readonly from: string;
  readonly action: string;
  readonly target: string;
}

export interface KeyRecord extends Rights {
  readonly name: KeyName;
  readonly fingerprint: string;
  readonly createdMs: number;
}

export interface TokenRecord extends Rights {
  readonly name: KeyName;
  readonly createdMs: number;
  readonly expiresMs: number;
}

function rights(row: Row): Rights {
  return { role: text(row, "role") as Role, app: textOrNull(row, "app") as AppName | null, branches: textOrNull(row, "branches") };
}

export function createAccessStore(sql: Statements) {
  const asKey = (row: Row): KeyRecord => ({
    name: text(row, "name") as KeyName,
    fingerprint: text(row, "fingerprint"),
    createdMs: integer(row, "created_ms"),
    ...rights(row),
  });
  const asToken = (row: Row): TokenRecord => ({
    name: text(row, "name") as KeyName,
    createdMs: integer(row, "created_ms"),
    expiresMs: integer(row, "expires_ms"),
    ...rights(row),
  });
  const revocationListeners = new Set<(name: KeyName) => void>();
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
    addKey(key: KeyRecord & { readonly publicKey: string }): void {
      sql.run(
        "INSERT INTO keys (name, fingerprint, public_key, created_ms, role, app, branches) VALUES (?, ?, ?, ?, ?, ?, ?)",
        key.name,
        key.fingerprint,
        key.publicKey,
        key.createdMs,
        key.role,
        key.app,
        key.branches,
      );
    },
    removeKey(name: KeyName): boolean {
      const removed = sql.run("DELETE FROM keys WHERE name = ?", name) > 0;
      if (removed) for (const listener of [...revocationListeners]) listener(name);
      return removed;
    },
    onKeyRemoved(listener: (name: KeyName) => void): () => void {
      revocationListeners.add(listener);
      return () => void revocationListeners.delete(listener);
    },

    tokens: (): readonly TokenRecord[] => sql.all("SELECT * FROM tokens ORDER BY name").map(asToken),
    token(name: KeyName): TokenRecord | null {
      const row = sql.get("SELECT * FROM tokens WHERE name = ?", name);
      return row === null ? null : asToken(row);
    },
    tokenByHash(hash: string): TokenRecord | null {
      const row = sql.get("SELECT * FROM tokens WHERE hash = ?", hash);
      return row === null ? null : asToken(row);
    },
    addToken(token: TokenRecord & { readonly hash: string }): void {
      sql.run(
        "INSERT INTO tokens (name, hash, created_ms, expires_ms, role, app, branches) VALUES (?, ?, ?, ?, ?, ?, ?)",
        token.name,
        token.hash,
        token.createdMs,
        token.expiresMs,
        token.role,
        token.app,
        token.branches,
      );
    },
    removeToken: (name: KeyName): boolean => sql.run("DELETE FROM tokens WHERE name = ?", name) > 0,

    /** Newest first; of one app (and its environments), or of all. */
    auditTrail(app: AppName | null, limit: number): readonly AuditRecord[] {
      const rows =
        app === null
          ? sql.all("SELECT * FROM audit ORDER BY id DESC LIMIT ?", limit)
          : sql.all("SELECT * FROM audit WHERE target = ?1 OR target GLOB ?1 || '[ @:]*' ORDER BY id DESC LIMIT ?2", app, limit);
      return rows.map((row) => ({
        atMs: integer(row, "at_ms"),
        who: text(row, "who"),
        via: text(row, "via"),
        from: text(row, "source"),
        action: text(row, "action"),
        target: text(row, "target"),
      }));
    },
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
