/** Deployments: the operations, as rows. Redis only carries the environment's name; what to do is read here. */
import {
  type AppName,
  type BranchName,
  type CommitId,
  DEPLOYMENT_TRANSITIONS,
  type Deployment,
  type DeploymentKind,
  type DeploymentState,
  type EnvironmentName,
  type Manifest,
  type ScaleChange,
} from "../../core/index.ts";
import type { Database } from "./database.ts";
import { bytesOrNull, integer, integerOrNull, type Row, type Statements, text, textOrNull } from "./rows.ts";
import type { Seal } from "./seal.ts";

/** What an operation changes, relative to what is current when its turn comes. */
export interface Payload {
  readonly config?: Readonly<Record<string, string | null>>;
  /** `web` -> new quantity, or relative. */
  readonly scale?: readonly ScaleChange[];
  /** null: everything. */
  readonly stop?: { readonly name: string | null };
  readonly start?: { readonly name: string | null };
  readonly rollbackTo?: number;
  readonly mounts?: Readonly<Record<string, string | null>>;
  readonly noCache?: boolean;
  readonly skipTests?: boolean;
  /** An image that is there already is released: promotion, or a branch environment made from a release. */
  readonly image?: { readonly digest: string; readonly manifest: Manifest };
  /** Memory of each type that a copy takes over with the image. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Also where the machine has less memory than is promised. */
  readonly force?: boolean;
  /** This push makes its branch the production branch when it goes live. */
  readonly production?: boolean;
}

export interface DeploymentRecord extends Deployment {
  /** What the branch has to point at when this push goes live (null: nothing). */
  readonly oldCommit: CommitId | null;
  readonly imageDigest: string | null;
  readonly payload: Payload;
}

export interface NewDeployment {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly branch: BranchName | null;
  readonly kind: DeploymentKind;
  readonly commit: CommitId | null;
  readonly oldCommit: CommitId | null;
  readonly payload: Payload;
  readonly description: string;
  readonly by: string;
  readonly createdMs: number;
}

const OPEN_STATES = "('queued', 'building', 'built', 'releasing', 'committed')";

export function createDeploymentStore(database: Database, sql: Statements, seal: Seal) {
  const context = (environment: string) => `deployment:${environment}`;
  const asDeployment = (row: Row): DeploymentRecord => {
    const payload = bytesOrNull(row, "payload");
    return {
      id: integer(row, "id"),
      app: text(row, "app") as AppName,
      environment: text(row, "environment") as EnvironmentName,
      branch: textOrNull(row, "branch") as BranchName | null,
      kind: text(row, "kind") as DeploymentKind,
      state: text(row, "state") as DeploymentState,
      commit: textOrNull(row, "commit_id") as CommitId | null,
      oldCommit: textOrNull(row, "old_commit") as CommitId | null,
      imageDigest: textOrNull(row, "image_digest"),
      payload: payload === null ? {} : seal.open<Payload>(payload, context(text(row, "environment"))),
      description: text(row, "description"),
      by: text(row, "by"),
      createdMs: integer(row, "created_ms"),
      finishedMs: integerOrNull(row, "finished_ms"),
      release: integerOrNull(row, "release"),
      reason: textOrNull(row, "reason"),
    };
  };
  const one = (row: Row | null): DeploymentRecord | null => (row === null ? null : asDeployment(row));

  return {
    create(deployment: NewDeployment): DeploymentRecord {
      const id = sql.insert(
        "INSERT INTO deployments (app, environment, branch, kind, state, commit_id, old_commit, payload, description, by, created_ms, ready_ms) VALUES (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)",
        deployment.app,
        deployment.environment,
        deployment.branch,
        deployment.kind,
        deployment.commit,
        deployment.oldCommit,
        seal.seal(deployment.payload, context(deployment.environment)),
        deployment.description,
        deployment.by,
        deployment.createdMs,
        deployment.kind === "push" ? null : deployment.createdMs,
      );
      return this.get(id) as DeploymentRecord;
    },
    get: (id: number): DeploymentRecord | null => one(sql.get("SELECT * FROM deployments WHERE id = ?", id)),
    /** Newest first. */
    latest(environment: EnvironmentName, limit: number): readonly DeploymentRecord[] {
      return sql.all("SELECT * FROM deployments WHERE environment = ? ORDER BY id DESC LIMIT ?", environment, limit).map(asDeployment);
    },
    latestPush: (environment: EnvironmentName): DeploymentRecord | null =>
      one(sql.get("SELECT * FROM deployments WHERE environment = ? AND kind = 'push' ORDER BY id DESC LIMIT 1", environment)),
    waitingPushes(environment: EnvironmentName): readonly DeploymentRecord[] {
      return sql
        .all("SELECT * FROM deployments WHERE environment = ? AND kind = 'push' AND state = 'queued' ORDER BY id", environment)
        .map(asDeployment);
    },
    nextBuild: (environment: EnvironmentName): DeploymentRecord | null =>
      one(
        sql.get("SELECT * FROM deployments WHERE environment = ? AND kind = 'push' AND state = 'queued' ORDER BY id LIMIT 1", environment),
      ),
    /** First in, first out; a push counts from when it was built. */
    nextRelease: (environment: EnvironmentName): DeploymentRecord | null =>
      one(
        sql.get(
          "SELECT * FROM deployments WHERE environment = ? AND ((kind = 'push' AND state = 'built') OR (kind != 'push' AND state = 'queued')) ORDER BY ready_ms, id LIMIT 1",
          environment,
        ),
      ),
    open: (environment?: EnvironmentName): readonly DeploymentRecord[] =>
      (environment === undefined
        ? sql.all(`SELECT * FROM deployments WHERE state IN ${OPEN_STATES} ORDER BY id`)
        : sql.all(`SELECT * FROM deployments WHERE state IN ${OPEN_STATES} AND environment = ? ORDER BY id`, environment)
      ).map(asDeployment),

    /** Moves along the table of transitions; false where the deployment has moved on meanwhile. */
    move(
      id: number,
      to: DeploymentState,
      details: { readonly reason?: string; readonly nowMs: number; readonly imageDigest?: string },
    ): boolean {
      return database.transaction(() => {
        const deployment = this.get(id);
        if (deployment === null || !DEPLOYMENT_TRANSITIONS[deployment.state].includes(to)) return false;
        const final = DEPLOYMENT_TRANSITIONS[to].length === 0;
        sql.run(
          "UPDATE deployments SET state = ?, reason = coalesce(?, reason), image_digest = coalesce(?, image_digest), ready_ms = CASE WHEN ? = 'built' THEN ? ELSE ready_ms END, finished_ms = ?, payload = CASE WHEN ? THEN NULL ELSE payload END WHERE id = ?",
          to,
          details.reason ?? null,
          details.imageDigest ?? null,
          to,
          details.nowMs,
          final ? details.nowMs : null,
          final ? 1 : 0,
          id,
        );
        return true;
      });
    },
    setRelease(id: number, release: number): void {
      sql.run("UPDATE deployments SET release = ? WHERE id = ?", release, id);
    },
    /** Answers their ids. */
    deleteFor(environment: EnvironmentName): readonly number[] {
      const ids = sql.all("SELECT id FROM deployments WHERE environment = ?", environment).map((row) => integer(row, "id"));
      sql.run("DELETE FROM deployments WHERE environment = ?", environment);
      return ids;
    },
  };
}
