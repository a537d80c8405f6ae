/** Apps and their environments: rows, slots, host names. */
import {
  type AppName,
  type BranchName,
  type Config,
  type EnvironmentName,
  environmentName,
  type HostName,
  hostLabel,
  PushboatError,
} from "../../core/index.ts";
import type { Database } from "./database.ts";
import { bytesOrNull, integer, integerOrNull, type Row, type Statements, text, textOrNull } from "./rows.ts";
import type { Seal } from "./seal.ts";

export interface AppRecord {
  readonly name: AppName;
  readonly createdMs: number;
  readonly productionBranch: BranchName | null;
}

export interface EnvironmentRecord {
  readonly name: EnvironmentName;
  readonly app: AppName;
  /** null: production. */
  readonly branch: BranchName | null;
  readonly slot: number;
  readonly createdMs: number;
  readonly currentRelease: number | null;
  readonly revision: string | null;
  readonly restarts: number;
  readonly maintenance: boolean;
}

export interface HostRecord {
  /** A label below DOMAIN, or a full name. */
  readonly host: string;
  readonly kind: "label" | "domain";
  readonly environment: EnvironmentName;
}

/** Slots are uid ranges of 65536: 1024 of them for each platform (engine). */
const SLOTS = 1024;

export type AppStore = ReturnType<typeof createAppStore>;

export function createAppStore(database: Database, sql: Statements, seal: Seal) {
  const asApp = (row: Row): AppRecord => ({
    name: text(row, "name") as AppName,
    createdMs: integer(row, "created_ms"),
    productionBranch: textOrNull(row, "production_branch") as BranchName | null,
  });
  const configContext = (name: string) => `config:${name}`;
  const asEnvironment = (row: Row): EnvironmentRecord => ({
    name: text(row, "name") as EnvironmentName,
    app: text(row, "app") as AppName,
    branch: textOrNull(row, "branch") as BranchName | null,
    slot: integer(row, "slot"),
    createdMs: integer(row, "created_ms"),
    currentRelease: integerOrNull(row, "current_release"),
    revision: textOrNull(row, "revision"),
    restarts: integer(row, "restarts"),
    maintenance: integer(row, "maintenance") === 1,
  });
  const freeSlot = (): number => {
    const used = new Set(sql.all("SELECT slot FROM environments").map((row) => integer(row, "slot")));
    for (let slot = 0; slot < SLOTS; slot += 1) if (!used.has(slot)) return slot;
    throw new PushboatError({
      code: "environment/too-many",
      message: `there are ${SLOTS} environments already`,
      hint: "Destroy some: `envs APP`, `envs:destroy APP@BRANCH`.",
    });
  };

  return {
    app(name: AppName): AppRecord | null {
      const row = sql.get("SELECT * FROM apps WHERE name = ?", name);
      return row === null ? null : asApp(row);
    },
    apps: (): readonly AppRecord[] => sql.all("SELECT * FROM apps ORDER BY name").map(asApp),
    /** Makes the app and its production environment. */
    createApp(name: AppName, nowMs: number): void {
      database.transaction(() => {
        sql.run("INSERT INTO apps (name, created_ms) VALUES (?, ?)", name, nowMs);
        this.createEnvironment(name, null, nowMs);
      });
    },
    setProductionBranch(name: AppName, branch: BranchName | null): void {
      sql.run("UPDATE apps SET production_branch = ? WHERE name = ?", branch, name);
    },
    deleteApp(name: AppName): void {
      sql.run("DELETE FROM apps WHERE name = ?", name);
    },

    environment(name: EnvironmentName): EnvironmentRecord | null {
      const row = sql.get("SELECT * FROM environments WHERE name = ?", name);
      return row === null ? null : asEnvironment(row);
    },
    /** Of one app (production first), or of all. */
    environments(app?: AppName): readonly EnvironmentRecord[] {
      const rows =
        app === undefined
          ? sql.all("SELECT * FROM environments ORDER BY name")
          : sql.all("SELECT * FROM environments WHERE app = ? ORDER BY branch IS NOT NULL, name", app);
      return rows.map(asEnvironment);
    },
    createEnvironment(app: AppName, branch: BranchName | null, nowMs: number): EnvironmentName {
      const name = environmentName(app, branch);
      database.transaction(() => {
        sql.run(
          "INSERT INTO environments (name, app, branch, slot, created_ms) VALUES (?, ?, ?, ?, ?)",
          name,
          app,
          branch,
          freeSlot(),
          nowMs,
        );
        sql.run("INSERT INTO hosts (host, kind, environment, created_ms) VALUES (?, 'label', ?, ?)", hostLabel(app, branch), name, nowMs);
      });
      return name;
    },
    deleteEnvironment(name: EnvironmentName): void {
      database.transaction(() => {
        sql.run("DELETE FROM volumes WHERE environment = ?", name);
        sql.run("DELETE FROM environments WHERE name = ?", name);
      });
    },
    /** What the next release starts from; decrypted only when asked for. */
    config(name: EnvironmentName): Config {
      const row = sql.get("SELECT config FROM environments WHERE name = ?", name);
      const sealed = row === null ? null : bytesOrNull(row, "config");
      return sealed === null ? {} : seal.open<Config>(sealed, configContext(name));
    },
    setConfig(name: EnvironmentName, config: Config): void {
      sql.run("UPDATE environments SET config = ? WHERE name = ?", seal.seal(config, configContext(name)), name);
    },
    setMaintenance(name: EnvironmentName, on: boolean): void {
      sql.run("UPDATE environments SET maintenance = ? WHERE name = ?", on ? 1 : 0, name);
    },

    hosts(environment?: EnvironmentName): readonly HostRecord[] {
      const rows =
        environment === undefined
          ? sql.all("SELECT * FROM hosts ORDER BY kind DESC, host")
          : sql.all("SELECT * FROM hosts WHERE environment = ? ORDER BY kind DESC, host", environment);
      return rows.map((row) => ({
        host: text(row, "host"),
        kind: text(row, "kind") as "label" | "domain",
        environment: text(row, "environment") as EnvironmentName,
      }));
    },
    hostOwner(host: string): EnvironmentName | null {
      const row = sql.get("SELECT environment FROM hosts WHERE host = ?", host);
      return row === null ? null : (text(row, "environment") as EnvironmentName);
    },
    addDomain(environment: EnvironmentName, host: HostName, nowMs: number): void {
      sql.run("INSERT INTO hosts (host, kind, environment, created_ms) VALUES (?, 'domain', ?, ?)", host, environment, nowMs);
    },
    removeDomain(environment: EnvironmentName, host: HostName): boolean {
      return sql.run("DELETE FROM hosts WHERE host = ? AND kind = 'domain' AND environment = ?", host, environment) > 0;
    },
  };
}
