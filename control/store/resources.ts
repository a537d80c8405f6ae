/** Named volumes and the private addresses an environment may reach. */
import type { EnvironmentName, PrivateAddress, VolumeName } from "../../core/index.ts";
import { integer, integerOrNull, type Statements, text, textOrNull } from "./rows.ts";

export interface VolumeRecord {
  readonly environment: EnvironmentName;
  readonly name: VolumeName;
  readonly mountedAt: string | null;
  /** null: as much as the disk has. */
  readonly limitBytes: number | null;
}

export type ResourceStore = ReturnType<typeof createResourceStore>;

export function createResourceStore(sql: Statements) {
  return {
    volumes: (environment: EnvironmentName): readonly VolumeRecord[] =>
      sql.all("SELECT * FROM volumes WHERE environment = ? ORDER BY name", environment).map((row) => ({
        environment,
        name: text(row, "name") as VolumeName,
        mountedAt: textOrNull(row, "mounted_at"),
        limitBytes: integerOrNull(row, "limit_bytes"),
      })),
    createVolume(environment: EnvironmentName, name: VolumeName, limitBytes: number | null, nowMs: number): void {
      sql.run("INSERT INTO volumes (environment, name, limit_bytes, created_ms) VALUES (?, ?, ?, ?)", environment, name, limitBytes, nowMs);
    },
    setMounts(environment: EnvironmentName, mounts: Readonly<Record<string, string | null>>): void {
      for (const [name, path] of Object.entries(mounts))
        sql.run("UPDATE volumes SET mounted_at = ? WHERE environment = ? AND name = ?", path, environment, name);
    },
    deleteVolume(environment: EnvironmentName, name: VolumeName): void {
      sql.run("DELETE FROM volumes WHERE environment = ? AND name = ?", environment, name);
    },

    allowed: (environment: EnvironmentName): readonly PrivateAddress[] =>
      sql
        .all("SELECT address, port FROM allowed_addresses WHERE environment = ? ORDER BY address, port", environment)
        .map((row) => ({ address: text(row, "address"), port: integer(row, "port") })),
    allow(environment: EnvironmentName, { address, port }: PrivateAddress): void {
      sql.run("INSERT OR IGNORE INTO allowed_addresses (environment, address, port) VALUES (?, ?, ?)", environment, address, port);
    },
    deny: (environment: EnvironmentName, { address, port }: PrivateAddress): boolean =>
      sql.run("DELETE FROM allowed_addresses WHERE environment = ? AND address = ? AND port = ?", environment, address, port) > 0,
  };
}
