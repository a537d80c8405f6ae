/** What an ACME authority signed for hosts, why it did not yet, and who it knows us as; keys are sealed. */
import type { HostName } from "../../core/index.ts";
import type { Pair } from "../tls/local-authority.ts";
import { bytesOrNull, integer, type Row, type Statements, textOrNull } from "./rows.ts";
import type { Seal } from "./seal.ts";

export interface AcmeRecord {
  /** null: none was signed yet. */
  readonly pair: Pair | null;
  /** In a row, since the last certificate. */
  readonly failures: number;
  /** Not asked again before. */
  readonly nextMs: number;
  /** Of the last attempt; null: it worked. */
  readonly error: string | null;
}

export type AcmeStore = ReturnType<typeof createAcmeStore>;

export function createAcmeStore(sql: Statements, seal: Seal) {
  const context = (host: HostName) => `acme:${host}`;
  const accountName = (directory: string) => `acme-account:${directory}`;
  const pairOf = (row: Row, host: HostName): Pair | null => {
    const certificate = textOrNull(row, "certificate");
    const key = bytesOrNull(row, "key");
    return certificate === null || key === null ? null : { certificate, key: seal.open<string>(key, context(host)) };
  };
  return {
    of(host: HostName): AcmeRecord | null {
      const row = sql.get("SELECT * FROM acme_certificates WHERE host = ?", host);
      if (row === null) return null;
      return {
        pair: pairOf(row, host),
        failures: integer(row, "failures"),
        nextMs: integer(row, "next_ms"),
        error: textOrNull(row, "error"),
      };
    },
    signed(host: HostName, { certificate, key }: Pair): void {
      sql.run(
        "INSERT OR REPLACE INTO acme_certificates (host, certificate, key, failures, next_ms, error) VALUES (?, ?, ?, 0, 0, NULL)",
        host,
        certificate,
        seal.seal(key, context(host)),
      );
    },
    /** A certificate of before stays. */
    failed(host: HostName, error: string, nextMs: number): void {
      sql.run(
        `INSERT INTO acme_certificates (host, failures, next_ms, error) VALUES (?, 1, ?, ?)
         ON CONFLICT (host) DO UPDATE SET failures = failures + 1, next_ms = excluded.next_ms, error = excluded.error`,
        host,
        nextMs,
        error,
      );
    },
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
