/** Users' own certificates and the platform's authority; private keys are sealed. */
import type { EnvironmentName } from "../../core/index.ts";
import type { Pair } from "../tls/local-authority.ts";
import { bytesOrNull, integer, type Row, type Statements, text } from "./rows.ts";
import type { Seal } from "./seal.ts";

export interface CertificateRecord {
  readonly id: number;
  readonly environment: EnvironmentName;
  /** PEM, the leaf first. */
  readonly certificate: string;
}

const AUTHORITY = "authority";

export function createCertificateStore(sql: Statements, seal: Seal) {
  const context = (certificate: string) => `certificate:${certificate}`;
  const asRecord = (row: Row): CertificateRecord => ({
    id: integer(row, "id"),
    environment: text(row, "environment") as EnvironmentName,
    certificate: text(row, "certificate"),
  });
  return {
    /** Newest first: where two are for one host, the newer one is shown. Without the keys: those are opened one at a time. */
    all: (): readonly CertificateRecord[] =>
      sql.all("SELECT id, environment, certificate FROM certificates ORDER BY id DESC").map(asRecord),
    of: (environment: EnvironmentName): readonly CertificateRecord[] =>
      sql.all("SELECT id, environment, certificate FROM certificates WHERE environment = ? ORDER BY id DESC", environment).map(asRecord),
    /** null: it is gone. */
    key(id: number): string | null {
      const row = sql.get("SELECT certificate, key FROM certificates WHERE id = ?", id);
      return row === null ? null : seal.open<string>(bytesOrNull(row, "key") ?? new Uint8Array(), context(text(row, "certificate")));
    },
    add(environment: EnvironmentName, { certificate, key }: Pair, nowMs: number): void {
      sql.run(
        "INSERT INTO certificates (environment, certificate, key, created_ms) VALUES (?, ?, ?, ?)",
        environment,
        certificate,
        seal.seal(key, context(certificate)),
        nowMs,
      );
    },
    remove: (environment: EnvironmentName, id: number): boolean =>
      sql.run("DELETE FROM certificates WHERE id = ? AND environment = ?", id, environment) > 0,
    authority(): Pair | null {
      const row = sql.get("SELECT value FROM secrets WHERE name = ?", AUTHORITY);
      const sealed = row === null ? null : bytesOrNull(row, "value");
      return sealed === null ? null : seal.open<Pair>(sealed, AUTHORITY);
    },
    setAuthority(authority: Pair): void {
      sql.run("INSERT INTO secrets (name, value) VALUES (?, ?)", AUTHORITY, seal.seal(authority, AUTHORITY));
    },
  };
}
