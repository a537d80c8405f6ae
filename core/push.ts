/** The receiver's face towards control: pushes, repositories, credentials. */
import type { Identity } from "./identity.ts";
import type { AppName, BranchName, CommitId } from "./names.ts";

export interface RefUpdate {
  /** Full name, `refs/heads/main`; not yet judged. */
  readonly ref: string;
  /** null: the ref does not exist yet. */
  readonly oldCommit: CommitId | null;
  /** null: the ref is to be deleted. */
  readonly newCommit: CommitId | null;
}

export interface PushRequest {
  readonly app: AppName;
  readonly identity: Identity;
  readonly updates: readonly RefUpdate[];
  /** git push -o, as sent. */
  readonly options: readonly string[];
  /** Text for the client's terminal, shown behind `remote: ` at once. Safe to call after the client has gone. */
  readonly progress: (text: string) => void;
  /** Aborted when the client's channel closes. That ends the transport, never the deploy. */
  readonly disconnected: AbortSignal;
}

export type RefOutcome =
  | { readonly ref: string; readonly ok: true }
  /** reason: one line, shown as `! [remote rejected] main -> main (reason)`. */
  | { readonly ref: string; readonly ok: false; readonly reason: string };

export interface PushHandler {
  /**
   * Before git can be started for a push: creates an unknown app where that is allowed (Repositories.ensure), else throws a
   * PushboatError, which the client sees.
   */
  prepareRepository(app: AppName, identity: Identity): Promise<void>;
  /*
   * Both are called with branches (refs/heads/...) only, and only when there is at least one: tags are stored by the receiver,
   * every other ref is refused by it. A push with --atomic has at most one branch; the receiver refuses more.
   */
  /** pre-receive: only judges (names, sizes, rights), quickly and without effects. A text refuses the whole push. */
  judge(push: PushRequest): Promise<string | null>;
  /** proc-receive: deploys and moves the refs; one outcome for each update. */
  receive(push: PushRequest): Promise<readonly RefOutcome[]>;
}

/** Bare repositories below the data directory, owned by the git user. Every git child runs as that user, GIT_* scrubbed. */
export interface Repositories {
  /** Absolute path of the bare repository, whether it exists or not. */
  path(app: AppName): string;
  exists(app: AppName): Promise<boolean>;
  /** Makes the repository and its settings; does nothing where it is there. */
  ensure(app: AppName): Promise<void>;
  remove(app: AppName): Promise<void>;
  /** The commit of refs/heads/BRANCH, or null. */
  head(app: AppName, branch: BranchName): Promise<CommitId | null>;
  /** Texts of small files at a commit, by path; null where there is no such file. One git process for all of them. */
  files(app: AppName, commit: CommitId, paths: readonly string[]): Promise<Readonly<Record<string, string | null>>>;
  /** The commit that a user's word names (a full or short id, a branch), or null. */
  resolve(app: AppName, word: string): Promise<CommitId | null>;
  /** One line for each commit that `to` has and `from` has not, newest first: `1a2b3c4 subject`. */
  commitsBetween(app: AppName, from: CommitId, to: CommitId, limit: number): Promise<readonly string[]>;
  /** Moves the branch, creating it where needed; idempotent. */
  setHead(app: AppName, branch: BranchName, commit: CommitId): Promise<void>;
  deleteHead(app: AppName, branch: BranchName): Promise<void>;
  /** What HEAD names, for clones: the production branch. */
  setDefaultBranch(app: AppName, branch: BranchName): Promise<void>;
  /** Keeps a commit from being collected: refs/pushboat/releases/KEY (hidden from clients); null removes it. */
  pin(app: AppName, key: string, commit: CommitId | null): Promise<void>;
}

export interface Credentials {
  /** The identity of an SSH public key by its `SHA256:…` fingerprint (unpadded base64, as ssh-keygen -l prints), or null. */
  byKeyFingerprint(fingerprint: string, from: string): Promise<Identity | null>;
  /** The identity of an HTTP token in clear, or null (unknown, expired, revoked). */
  byToken(token: string, from: string): Promise<Identity | null>;
  /** Told, by its name, when an SSH key may no longer come in: what it has open ends. Answers what ends the listening. */
  onKeyRevoked(listener: (name: Identity["name"]) => void): () => void;
}
