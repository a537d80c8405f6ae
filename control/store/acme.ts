/** What an ACME authority signed for hosts, why it did not yet, what was ordered, and who it knows us as; keys are sealed. */
import type { AcmeProof, HostName } from "../../core/index.ts";
import type { OrderKind, PlacedOrder } from "../tls/acme-pace.ts";
import type { Pair } from "../tls/local-authority.ts";
import { bytesOrNull, integer, type Row, type Statements, text, textOrNull } from "./rows.ts";
import type { Seal } from "./seal.ts";

export interface AcmeRecord {
  /** `blog.example.com`, `*.example.com` */
  readonly name: HostName;
  /** PEM, the leaf first; null: none was signed yet. */
  readonly certificate: string | null;
  /** In a row, since the last certificate. */
  readonly failures: number;
  /** Not asked again before. */
  readonly nextMs: number;
  /** Of the last attempt; null: it worked. */
  readonly error: string | null;
  /** How the authority was convinced the last time. */
  readonly proof: Exclude<AcmeProof, "auto"> | null;
}

export type AcmeStore = ReturnType<typeof createAcmeStore>;

export function createAcmeStore(sql: Statements, seal: Seal) {
  const context = (name: HostName) => `acme:${name}`;
  const accountName = (directory: string) => `acme-account:${directory}`;
  const asRecord = (row: Row): AcmeRecord => ({
    name: text(row, "host") as HostName,
    certificate: textOrNull(row, "certificate"),
    failures: integer(row, "failures"),
    nextMs: integer(row, "next_ms"),
    error: textOrNull(row, "error"),
    proof: textOrNull(row, "proof") as AcmeRecord["proof"],
  });
  return {
    /** Without the keys: those are opened one at a time. */
    all: (): readonly AcmeRecord[] =>
      sql.all("SELECT host, certificate, failures, next_ms, error, proof FROM acme_certificates ORDER BY host").map(asRecord),
    of(name: HostName): AcmeRecord | null {
      const row = sql.get("SELECT host, certificate, failures, next_ms, error, proof FROM acme_certificates WHERE host = ?", name);
      return row === null ? null : asRecord(row);
    },
    /** null: it is gone. */
    key(name: HostName): string | null {
      const row = sql.get("SELECT key FROM acme_certificates WHERE host = ?", name);
      const sealed = row === null ? null : bytesOrNull(row, "key");
      return sealed === null ? null : seal.open<string>(sealed, context(name));
    },
    signed(name: HostName, { certificate, key }: Pair, { proof, renewMs }: { proof: Exclude<AcmeProof, "auto">; renewMs: number }): void {
      sql.run(
        `INSERT OR REPLACE INTO acme_certificates (host, certificate, key, failures, next_ms, error, proof) VALUES (?, ?, ?, 0, ?, NULL, ?)`,
        name,
        certificate,
        seal.seal(key, context(name)),
        Math.round(renewMs),
        proof,
      );
    },
    /** A certificate of before stays. */
    failed(name: HostName, error: string, nextMs: number): void {
      sql.run(
        `INSERT INTO acme_certificates (host, failures, next_ms, error) VALUES (?, 1, ?, ?)
         ON CONFLICT (host) DO UPDATE SET failures = failures + 1, next_ms = excluded.next_ms, error = excluded.error`,
        name,
        nextMs,
        error,
      );
    },
    /** Nothing was tried: there was no room. */
    postponed(name: HostName, reason: string, nextMs: number): void {
      sql.run(
        `INSERT INTO acme_certificates (host, next_ms, error) VALUES (?, ?, ?)
         ON CONFLICT (host) DO UPDATE SET next_ms = excluded.next_ms, error = excluded.error`,
        name,
        nextMs,
        reason,
      );
    },
    /** Of hosts that are gone nothing is kept. */
    keepOnly(names: ReadonlySet<HostName>): void {
      for (const { host } of sql.all("SELECT host FROM acme_certificates")) {
        if (!names.has(host as HostName)) sql.run("DELETE FROM acme_certificates WHERE host = ?", host as string);
      }
    },

    orders: (sinceMs: number): readonly PlacedOrder[] =>
      sql.all("SELECT * FROM acme_orders WHERE placed_ms > ?", sinceMs).map((row) => ({
        domain: text(row, "domain"),
        kind: text(row, "kind") as OrderKind,
        state: text(row, "state") as PlacedOrder["state"],
        placedMs: integer(row, "placed_ms"),
      })),
    /** Before the authority hears of it: an order that a crash cuts off is counted. */
    placeOrder(name: HostName, { domain, kind, placedMs }: Omit<PlacedOrder, "state">): number {
      return sql.insert(
        "INSERT INTO acme_orders (name, domain, kind, state, placed_ms) VALUES (?, ?, ?, 'placed', ?)",
        name,
        domain,
        kind,
        placedMs,
      );
    },
    endOrder(id: number, state: "signed" | "failed"): void {
      sql.run("UPDATE acme_orders SET state = ? WHERE id = ?", state, id);
    },
    forgetOrders: (beforeMs: number): void => void sql.run("DELETE FROM acme_orders WHERE placed_ms <= ?", beforeMs),

    accountKey(directory: string): string | null {
      const row = sql.get("SELECT value FROM secrets WHERE name = ?", accountName(directory));
      const sealed = row === null ? null : bytesOrNull(row, "value");
      return sealed === null ? null : seal.open<string>(sealed, accountName(directory));
    },
    setAccountKey(directory: string, key: string): void {
      sql.run("INSERT INTO secrets (name, value) VALUES (?, ?)", accountName(directory), seal.seal(key, accountName(directory)));
    },
  };
}
