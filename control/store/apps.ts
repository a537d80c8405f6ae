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
  readonly maintenance: boolean;
  /** In maintenance, requests wait instead of seeing the page. */
  readonly holding: boolean;
  /** null: never pushed to (made by a command). */
  readonly lastPushMs: number | null;
  /** No time to live. */
  readonly kept: boolean;
  readonly asleep: boolean;
  /** It is being destroyed. */
  readonly ending: boolean;
}

export interface HostRecord {
  /** A label below DOMAIN, or a full name. */
  readonly host: string;
  readonly kind: "label" | "domain";
  readonly environment: EnvironmentName;
}

/** Slots are uid ranges of 65536: 1024 of them for each platform (engine). */
const SLOTS = 1024;

const MAINTENANCE = { off: 0, on: 1, hold: 2 } as const;

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
    maintenance: integer(row, "maintenance") !== MAINTENANCE.off,
    holding: integer(row, "maintenance") === MAINTENANCE.hold,
    lastPushMs: integerOrNull(row, "last_push_ms"),
    kept: integer(row, "kept") === 1,
    asleep: integer(row, "asleep") === 1,
    ending: integer(row, "ending") === 1,
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
    /** Secrets that were generated for this environment; they stay for its life. */
    generated(name: EnvironmentName): Config {
      const row = sql.get("SELECT generated FROM environments WHERE name = ?", name);
      const sealed = row === null ? null : bytesOrNull(row, "generated");
      return sealed === null ? {} : seal.open<Config>(sealed, `generated:${name}`);
    },
    setGenerated(name: EnvironmentName, generated: Config): void {
      sql.run("UPDATE environments SET generated = ? WHERE name = ?", seal.seal(generated, `generated:${name}`), name);
    },
    /** Basic auth of a protected environment; null: anybody may look. */
    password(name: EnvironmentName): string | null {
      const row = sql.get("SELECT password FROM environments WHERE name = ?", name);
      const sealed = row === null ? null : bytesOrNull(row, "password");
      return sealed === null ? null : seal.open<string>(sealed, `password:${name}`);
    },
    setPassword(name: EnvironmentName, password: string | null): void {
      sql.run(
        "UPDATE environments SET password = ? WHERE name = ?",
        password === null ? null : seal.seal(password, `password:${name}`),
        name,
      );
    },
    notePush(name: EnvironmentName, nowMs: number): void {
      sql.run("UPDATE environments SET last_push_ms = ? WHERE name = ?", nowMs, name);
    },
    setKept(name: EnvironmentName, kept: boolean): void {
      sql.run("UPDATE environments SET kept = ? WHERE name = ?", kept ? 1 : 0, name);
    },
    setAsleep(name: EnvironmentName, asleep: boolean): void {
      sql.run("UPDATE environments SET asleep = ? WHERE name = ?", asleep ? 1 : 0, name);
    },
    setEnding(name: EnvironmentName): void {
      sql.run("UPDATE environments SET ending = 1 WHERE name = ?", name);
    },
    /** Keys of production that every branch of the app sees too. */
    sharedKeys: (app: AppName): readonly string[] =>
      sql.all("SELECT key FROM shared_keys WHERE app = ? ORDER BY key", app).map((row) => text(row, "key")),
    setShared(app: AppName, key: string, shared: boolean): void {
      if (shared) sql.run("INSERT OR IGNORE INTO shared_keys (app, key) VALUES (?, ?)", app, key);
      else sql.run("DELETE FROM shared_keys WHERE app = ? AND key = ?", app, key);
    },
    settings(app: AppName): Readonly<Record<string, string>> {
      return Object.fromEntries(
        sql.all("SELECT key, value FROM app_settings WHERE app = ? ORDER BY key", app).map((row) => [text(row, "key"), text(row, "value")]),
      );
    },
    setSetting(app: AppName, key: string, value: string | null): void {
      if (value === null) sql.run("DELETE FROM app_settings WHERE app = ? AND key = ?", app, key);
      else
        sql.run(
          "INSERT INTO app_settings (app, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
          app,
          key,
          value,
        );
    },
    setMaintenance(name: EnvironmentName, mode: keyof typeof MAINTENANCE): void {
      sql.run("UPDATE environments SET maintenance = ? WHERE name = ?", MAINTENANCE[mode], name);
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
