/** Releases, the formation, and the commit point: the one transaction that makes something current. */
import type { CommitId, Config, Deployment, EnvironmentName, Manifest, ProcessType, Release } from "../../core/index.ts";
import type { AppStore } from "./apps.ts";
import type { Database } from "./database.ts";
import type { ResourceStore } from "./resources.ts";
import { integer, type Row, type Statements, text, textOrNull } from "./rows.ts";
import type { Seal } from "./seal.ts";

/** What a release was made with; stored sealed, all of it together. */
export interface ReleaseInputs {
  /** Effective: what instances see. */
  readonly config: Config;
  /** The environment's own part of it, which a rollback brings back. */
  readonly own: Config;
  readonly manifest: Manifest;
}

export interface ReleaseRecord extends Release, ReleaseInputs {
  readonly ranReleaseCommand: boolean;
  readonly deployment: number;
}

export interface NewRelease extends ReleaseInputs {
  readonly environment: EnvironmentName;
  readonly description: string;
  readonly commit: CommitId | null;
  readonly imageDigest: string;
  readonly deployment: number;
  readonly by: string;
  readonly createdMs: number;
}

/** Everything that becomes true at once. */
export interface CommitPoint {
  readonly deployment: Deployment;
  readonly environment: EnvironmentName;
  /** The release that is current from now on (the same as before for scale and restart). */
  readonly release: number;
  readonly revision: string;
  /** The environment's own config: what the next release starts from. */
  readonly own: Config;
  /** Secrets generated for this environment, those of earlier releases too. */
  readonly generated: Config;
  /** Explicit quantities; types that are not in the image any more are left out. */
  readonly formation: Readonly<Record<string, number>>;
  /** Memory asked for by hand. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly mounts: Readonly<Record<string, string | null>>;
  /** Types and instances that do not run though the formation has them. */
  readonly stops: readonly string[];
}

export function createReleaseStore(database: Database, sql: Statements, seal: Seal, apps: AppStore, resources: ResourceStore) {
  const context = (environment: string, number: number) => `release:${environment}:${number}`;
  const asRelease = (row: Row): ReleaseRecord => ({
    environment: text(row, "environment") as EnvironmentName,
    number: integer(row, "number"),
    state: text(row, "state") as Release["state"],
    description: text(row, "description"),
    commit: textOrNull(row, "commit_id") as CommitId | null,
    imageDigest: text(row, "image_digest"),
    ...seal.open<ReleaseInputs>(row["config"] as Uint8Array, context(text(row, "environment"), integer(row, "number"))),
    ranReleaseCommand: integer(row, "ran_release_command") === 1,
    deployment: integer(row, "deployment"),
    by: text(row, "by"),
    createdMs: integer(row, "created_ms"),
  });

  return {
    /** Reserves the next number; numbers are never reused. */
    createPending(release: NewRelease): number {
      return database.transaction(() => {
        sql.run("UPDATE environments SET last_release = last_release + 1 WHERE name = ?", release.environment);
        const row = sql.get("SELECT last_release FROM environments WHERE name = ?", release.environment);
        if (row === null) throw new Error(`no environment ${release.environment}`);
        const number = integer(row, "last_release");
        sql.run(
          "INSERT INTO releases (environment, number, state, description, commit_id, image_digest, config, deployment, by, created_ms) VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?)",
          release.environment,
          number,
          release.description,
          release.commit,
          release.imageDigest,
          seal.seal(
            { config: release.config, own: release.own, manifest: release.manifest } satisfies ReleaseInputs,
            context(release.environment, number),
          ),
          release.deployment,
          release.by,
          release.createdMs,
        );
        return number;
      });
    },
    release(environment: EnvironmentName, number: number): ReleaseRecord | null {
      const row = sql.get("SELECT * FROM releases WHERE environment = ? AND number = ?", environment, number);
      return row === null ? null : asRelease(row);
    },
    /** Newest first. */
    releases(environment: EnvironmentName): readonly ReleaseRecord[] {
      return sql.all("SELECT * FROM releases WHERE environment = ? ORDER BY number DESC", environment).map(asRelease);
    },
    markReleaseCommand(environment: EnvironmentName, number: number): void {
      sql.run("UPDATE releases SET ran_release_command = 1 WHERE environment = ? AND number = ?", environment, number);
    },
    markFailed(environment: EnvironmentName, number: number): void {
      sql.run("UPDATE releases SET state = 'failed' WHERE environment = ? AND number = ? AND state = 'pending'", environment, number);
    },
    /** Releases that a crash of control left pending. */
    failPending(): void {
      sql.run("UPDATE releases SET state = 'failed' WHERE state = 'pending'");
    },
    /**
     * Forgets what is older than the newest `kept` releases that went live; failed ones in between stay, for the eye. What still
     * runs (an instance that drains) keeps its release: its layers are mounted.
     */
    prune(environment: EnvironmentName, kept: number, running: readonly number[]): void {
      sql.run(
        "DELETE FROM releases WHERE environment = ?1 AND state IN ('past', 'failed') AND number < (SELECT min(number) FROM (SELECT number FROM releases WHERE environment = ?1 AND state IN ('past', 'current') ORDER BY number DESC LIMIT ?2)) AND number NOT IN (SELECT value FROM json_each(?3))",
        environment,
        kept,
        JSON.stringify(running),
      );
    },
    /** Digests that some release still needs. */
    imageDigests: (): readonly string[] =>
      sql.all("SELECT DISTINCT image_digest FROM releases WHERE state != 'failed'").map((row) => text(row, "image_digest")),

    /** Whose release needs which image. */
    environmentImages: (): readonly { environment: EnvironmentName; digest: string }[] =>
      sql
        .all("SELECT DISTINCT environment, image_digest FROM releases WHERE state != 'failed'")
        .map((row) => ({ environment: text(row, "environment") as EnvironmentName, digest: text(row, "image_digest") })),

    formation(environment: EnvironmentName): Readonly<Record<string, number>> {
      const rows = sql.all("SELECT type, quantity FROM formation WHERE environment = ?", environment);
      return Object.fromEntries(rows.map((row) => [text(row, "type") as ProcessType, integer(row, "quantity")]));
    },

    /** Memory that was asked for by hand, of each type. */
    sizes(environment: EnvironmentName): Readonly<Record<string, number>> {
      const rows = sql.all("SELECT type, memory_bytes FROM formation WHERE environment = ? AND memory_bytes IS NOT NULL", environment);
      return Object.fromEntries(rows.map((row) => [text(row, "type"), integer(row, "memory_bytes")]));
    },

    /** The next number of a restart; like release numbers never used again. */
    reserveRestart(environment: EnvironmentName): number {
      sql.run("UPDATE environments SET restarts = restarts + 1 WHERE name = ?", environment);
      const row = sql.get("SELECT restarts FROM environments WHERE name = ?", environment);
      return row === null ? 0 : integer(row, "restarts");
    },
    setFormation(environment: EnvironmentName, formation: Readonly<Record<string, number>>, sizes: Readonly<Record<string, number>>): void {
      database.transaction(() => {
        sql.run("DELETE FROM formation WHERE environment = ?", environment);
        for (const [type, quantity] of Object.entries(formation)) {
          sql.run(
            "INSERT INTO formation (environment, type, quantity, memory_bytes) VALUES (?, ?, ?, ?)",
            environment,
            type,
            quantity,
            sizes[type] ?? null,
          );
        }
      });
    },

    stops: (environment: EnvironmentName): readonly string[] =>
      sql.all("SELECT name FROM stops WHERE environment = ? ORDER BY name", environment).map((row) => text(row, "name")),
    setStops(environment: EnvironmentName, names: readonly string[]): void {
      sql.run("DELETE FROM stops WHERE environment = ?", environment);
      for (const name of names) sql.run("INSERT INTO stops (environment, name) VALUES (?, ?)", environment, name);
    },

    nextRouteVersion(): number {
      sql.run("UPDATE meta SET value = value + 1 WHERE key = 'route_version'");
      return this.routeVersion();
    },
    routeVersion(): number {
      const row = sql.get("SELECT value FROM meta WHERE key = 'route_version'");
      return row === null ? 0 : integer(row, "value");
    },

    /** THE commit point. Killed before it: the deployment failed and is undone. Killed after it: boot rolls it forward. */
    commit(point: CommitPoint): void {
      database.transaction(() => {
        sql.run(
          "UPDATE releases SET state = 'past' WHERE environment = ? AND state = 'current' AND number != ?",
          point.environment,
          point.release,
        );
        sql.run("UPDATE releases SET state = 'current' WHERE environment = ? AND number = ?", point.environment, point.release);
        sql.run(
          "UPDATE environments SET current_release = ?, revision = ? WHERE name = ?",
          point.release,
          point.revision,
          point.environment,
        );
        apps.setConfig(point.environment, point.own);
        apps.setGenerated(point.environment, point.generated);
        apps.setAsleep(point.environment, false);
        this.setFormation(point.environment, point.formation, point.sizes);
        this.setStops(point.environment, point.stops);
        resources.setMounts(point.environment, point.mounts);
        const committed = sql.run(
          "UPDATE deployments SET state = 'committed', release = ? WHERE id = ? AND state NOT IN ('live', 'failed', 'cancelled', 'superseded')",
          point.release,
          point.deployment.id,
        );
        // Whoever ended it meanwhile has told everybody that nothing was switched over.
        if (committed === 0) throw new Error(`deployment ${point.deployment.id} has ended: it cannot be committed any more`);
        this.nextRouteVersion();
      });
    },
  };
}
