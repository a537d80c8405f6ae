/** Control's face towards the commands (cli/) and main.ts. Every change names who asks; failures throw PushboatError. */
import type {
  AppName,
  BranchName,
  CommitId,
  CronJob,
  Deployment,
  EnvironmentName,
  EnvironmentRef,
  EventSink,
  HostName,
  Identity,
  ImageSource,
  InstanceSignal,
  InstanceSize,
  InstanceUsage,
  KeyName,
  LogLine,
  LogQuery,
  OneOffIo,
  PrivateAddress,
  ProcessType,
  RegistryLogin,
  Release,
  Role,
  Route,
  RouterReport,
  ScaleChange,
  ShownInstance,
  SourcedValue,
  VolumeName,
} from "../core/index.ts";

export type Target = EnvironmentRef & { readonly name: EnvironmentName };

export interface Actor {
  readonly identity: Identity;
  /** Progress of what the change sets off; rendered by the caller. */
  readonly onEvent: EventSink;
  /** The caller is gone: stops waiting, never the operation. */
  readonly disconnected: AbortSignal;
}

export interface AppSummary {
  readonly name: AppName;
  readonly createdMs: number;
  readonly productionBranch: BranchName | null;
  readonly environments: readonly EnvironmentSummary[];
  readonly settings: Readonly<Record<string, string>>;
}

export interface EnvironmentSummary {
  readonly name: EnvironmentName;
  /** null: production, no push yet. */
  readonly branch: BranchName | null;
  readonly production: boolean;
  readonly url: string;
  readonly hosts: readonly HostName[];
  /** Current release; null: nothing pushed yet. */
  readonly release: number | null;
  readonly commit: CommitId | null;
  readonly state: "empty" | "up" | "degraded" | "crashed" | "scaled-to-zero" | "maintenance" | "asleep" | "stopped" | "deploying";
  /** What its instances came up against or ended with; null: nothing. */
  readonly reason: string | null;
  /** Also while the state says something else, as `deploying`. */
  readonly maintenance: boolean;
  readonly createdMs: number;
  /** When it ends for want of a push; null: it does not. */
  readonly expiresMs: number | null;
  readonly protected: boolean;
}

/** What a new branch environment starts from. */
export type EnvironmentSource =
  /** A commit or branch that was pushed. */
  | { readonly kind: "commit"; readonly word: string }
  /** The current image of another environment: no rebuild. */
  | { readonly kind: "environment"; readonly environment: Target }
  /** An image of a production release. */
  | { readonly kind: "release"; readonly release: number };

export interface EnvironmentDiff {
  /** Commits that only one of them has, newest first: `1a2b3c4 subject`. */
  readonly onlyLeft: readonly string[];
  readonly onlyRight: readonly string[];
  /** Keys, never values. */
  readonly config: { readonly onlyLeft: readonly string[]; readonly onlyRight: readonly string[]; readonly different: readonly string[] };
  readonly formation: { readonly left: Readonly<Record<string, number>>; readonly right: Readonly<Record<string, number>> };
  readonly layers: readonly {
    readonly title: string;
    readonly same: boolean;
    readonly leftBytes: number | null;
    readonly rightBytes: number | null;
  }[];
}

/** What a change did: null release where it made none (nothing deployed yet: stored for the first push). */
export interface Outcome {
  readonly release: number | null;
  readonly deployment: Deployment | null;
}

export interface Formation {
  readonly type: ProcessType;
  readonly quantity: number;
  readonly command: string;
  /** Of each instance. */
  readonly size: InstanceSize;
  /** Where nobody says anything. */
  readonly usual: InstanceSize;
}

export interface VolumeSummary {
  readonly name: VolumeName;
  readonly environment: EnvironmentName;
  readonly mountedAt: string | null;
  readonly bytes: number;
  readonly limitBytes: number | null;
}

/** A detached one-off or a run of a cron job; the last ones are kept. */
export interface RunSummary {
  readonly id: number;
  /** `run.17`, `cron.18` */
  readonly name: string;
  readonly environment: EnvironmentName;
  /** null: not of a cron job. */
  readonly job: string | null;
  readonly command: string;
  readonly release: number;
  readonly by: string;
  /** When the schedule wanted it; null: somebody asked for it. */
  readonly dueMs: number | null;
  readonly startedMs: number;
  readonly endedMs: number | null;
  /** skipped: due, and not run; lost: it ended with the machine or with a `down`. */
  readonly state: "running" | "done" | "failed" | "skipped" | "lost";
  readonly exitCode: number | null;
  readonly reason: string | null;
}

export interface CronSummary extends CronJob {
  /** null: suspended. */
  readonly nextMs: number | null;
  readonly last: RunSummary | null;
}

/** What a key or token may do, and where. */
export interface Rights {
  readonly role: Role;
  /** null: all apps. */
  readonly app: AppName | null;
  /** Pattern of branches; null: all of them and production. */
  readonly branches: string | null;
}

export interface AuditEntry {
  readonly atMs: number;
  readonly who: string;
  readonly via: string;
  readonly from: string;
  readonly action: string;
  readonly target: string;
}

/** deploy: live, failed, cancelled; env: created, destroyed. */
export type HookTopic = "deploy" | "env";

export interface HookSummary {
  readonly id: number;
  readonly app: AppName;
  readonly url: string;
  readonly topics: readonly HookTopic[];
  readonly createdMs: number;
}

export interface HookDelivery {
  readonly id: number;
  readonly event: string;
  readonly createdMs: number;
  readonly attempts: number;
  /** null: delivered, or given up. */
  readonly nextMs: number | null;
  readonly outcome: string | null;
}

export interface KeySummary extends Rights {
  readonly name: KeyName;
  readonly fingerprint: string;
  readonly createdMs: number;
}

export interface TokenSummary extends Rights {
  readonly name: KeyName;
  readonly createdMs: number;
  readonly expiresMs: number;
}

export interface CertificateSummary {
  readonly id: number;
  /** As in the certificate. */
  readonly names: string;
  readonly issuer: string;
  readonly expiresMs: number;
}

/** What a host shows over HTTPS. */
export interface HostCertificateSummary {
  readonly host: HostName;
  readonly environment: EnvironmentName;
  /** null: it shows nothing, and does not answer over HTTPS. */
  readonly source: "own" | "acme" | "internal" | null;
  readonly names: string | null;
  readonly issuer: string | null;
  readonly expiresMs: number | null;
  /** Of the last order; null: it worked, or none was placed. */
  readonly error: string | null;
  /** Of the next order: a renewal, or another try; null: none is planned. */
  readonly nextMs: number | null;
}

/** Where an app's logs are sent. */
export interface DrainSummary {
  readonly id: number;
  readonly app: AppName;
  /** Without its password. */
  readonly url: string;
  readonly createdMs: number;
  /** Lines. */
  readonly sent: number;
  readonly lost: number;
  readonly waiting: number;
  /** Of the last attempt; null: it worked, or there was none. */
  readonly error: string | null;
}

export interface CertificateReport {
  readonly hosts: readonly HostCertificateSummary[];
  /** By certs:add, those too that no host shows. */
  readonly given: readonly CertificateSummary[];
}

export interface StatusReport {
  readonly version: string;
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  readonly domain: string;
  readonly httpPort: number;
  readonly sshPort: number;
  readonly dataDirectory: string;
  readonly apps: number;
  readonly instances: number;
  readonly queued: number;
  readonly redis: "up" | "down";
  readonly router: "up" | "down";
}

export interface DiskReport {
  /** Of the filesystem that holds the data directory. */
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  readonly cacheBudgetBytes: number;
  /** All of this platform's layers, and what they are kept to. */
  readonly layerBytes: number;
  readonly layerBudgetBytes: number;
  readonly baseBytes: number;
  readonly languageBytes: number;
  /** Of several apps, or of builds that no release has (any more). */
  readonly sharedLayerBytes: number;
  readonly apps: readonly {
    readonly app: AppName;
    /** dependencies, files: layers that only this app has. */
    readonly bytes: Readonly<Record<"dependencies" | "files" | "caches" | "logs" | "volumes" | "repository", number>>;
  }[];
}

export interface Control {
  /** Everything is up: listeners, runtime adopted, rolled forward. */
  status(): Promise<StatusReport>;
  disk(): Promise<DiskReport>;
  /** What SQLite finds wrong with the state (quick_check, foreign_key_check); none: it is whole. */
  checkState(): Promise<readonly string[]>;
  routes(): Promise<readonly Route[]>;
  routerReport(): Promise<RouterReport>;
  /** Resolves when the next router serves; the one before ends by itself. */
  restartRouter(actor: Actor): Promise<RouterReport>;

  createApp(name: AppName, actor: Actor): Promise<AppSummary>;
  destroyApp(name: AppName, actor: Actor): Promise<void>;
  apps(): Promise<readonly AppSummary[]>;
  app(name: AppName): Promise<AppSummary>;
  /** Keys: `production-branch`. null unsets. */
  setAppSetting(name: AppName, key: string, value: string | null, actor: Actor): Promise<void>;

  config(target: Target): Promise<Readonly<Record<string, string>>>;
  /** With where each value comes from: the commit's files, generated, shared by production, its own. */
  configSources(target: Target): Promise<Readonly<Record<string, SourcedValue>>>;
  /** Branches see production's values of these keys, from their next release on. */
  shareKeys(app: AppName, keys: readonly string[], shared: boolean, actor: Actor): Promise<void>;
  /** null unsets. One atomic change, one release. */
  changeConfig(target: Target, changes: Readonly<Record<string, string | null>>, actor: Actor): Promise<Outcome>;

  instances(target: Target): Promise<readonly ShownInstance[]>;
  formation(target: Target): Promise<readonly Formation[]>;
  /** force: also where the machine has less memory than is promised then. */
  scale(target: Target, changes: readonly ScaleChange[], force: boolean, actor: Actor): Promise<Outcome>;
  /** A type, an instance, a one-off; null: everything of the formation. It stays stopped until `start`. Answers null where it was a one-off. */
  stop(target: Target, name: string | null, actor: Actor): Promise<Outcome | null>;
  start(target: Target, name: string | null, actor: Actor): Promise<Outcome>;
  restart(target: Target, actor: Actor): Promise<Outcome>;
  /** `instance`: web.1, which has to run. */
  signal(target: Target, instance: string, name: InstanceSignal, actor: Actor): Promise<void>;
  /** What has processes now, and what each has used since its start. */
  usage(target: Target): Promise<readonly InstanceUsage[]>;
  /** Another process in a running instance (web.1). Answers its exit code. */
  exec(target: Target, instance: string, command: readonly string[], io: OneOffIo, actor: Actor): Promise<number>;
  logs(target: Target, query: Omit<LogQuery, "environment">): AsyncIterable<LogLine>;

  releases(target: Target): Promise<readonly Release[]>;
  /** The release command's output of a release. */
  releaseOutput(target: Target, release: number): Promise<string>;
  /** null: the release before the current one. */
  rollback(target: Target, release: number | null, actor: Actor): Promise<Outcome>;

  /** Newest first. */
  deployments(target: Target, limit: number): Promise<readonly Deployment[]>;
  cancelDeployment(id: number, actor: Actor): Promise<Deployment>;
  /** Replays what happened so far into actor.onEvent, then follows to the end. */
  attachDeployment(id: number, actor: Actor): Promise<Deployment>;
  /** Deploys the commit of the last failed or cancelled push of the environment again. */
  retryDeployment(target: Target, actor: Actor): Promise<Deployment>;

  environments(app: AppName): Promise<readonly EnvironmentSummary[]>;
  destroyEnvironment(target: Target, actor: Actor): Promise<void>;
  createEnvironment(target: Target, from: EnvironmentSource, actor: Actor): Promise<Outcome>;
  /** kept: no time to live. */
  keepEnvironment(target: Target, kept: boolean, actor: Actor): Promise<void>;
  /** Releases the very same image with the other environment's config, without a rebuild. */
  promote(from: Target, to: Target, actor: Actor): Promise<Outcome>;
  diffEnvironments(left: Target, right: Target): Promise<EnvironmentDiff>;
  /** Basic auth with a new generated password, or none any more. */
  protectEnvironment(target: Target, on: boolean, actor: Actor): Promise<{ readonly user: string; readonly password: string | null }>;

  /** The secret signs what is posted; it is in this answer and nowhere else. */
  addHook(app: AppName, url: string, topics: readonly HookTopic[], actor: Actor): Promise<HookSummary & { readonly secret: string }>;
  hooks(app: AppName): Promise<readonly HookSummary[]>;
  removeHook(id: number, actor: Actor): Promise<void>;
  /** Newest first. */
  hookDeliveries(id: number, limit: number): Promise<readonly HookDelivery[]>;

  /** Who did what, newest first; app null: everywhere. */
  audit(app: AppName | null, limit: number): Promise<readonly AuditEntry[]>;
  /** publicKey: one line of authorized_keys format. */
  addKey(name: KeyName, publicKey: string, rights: Rights, actor: Actor): Promise<KeySummary>;
  keys(): Promise<readonly KeySummary[]>;
  removeKey(name: KeyName, actor: Actor): Promise<void>;
  /** The token in clear is in the answer and nowhere else. */
  createToken(name: KeyName, lifetimeMs: number, rights: Rights, actor: Actor): Promise<TokenSummary & { readonly token: string }>;
  tokens(): Promise<readonly TokenSummary[]>;
  removeToken(name: KeyName, actor: Actor): Promise<void>;

  /** Every line of the app's environments from now on: syslog+tls://HOST:PORT or https://HOST/PATH. */
  addDrain(app: AppName, url: string, actor: Actor): Promise<DrainSummary>;
  drains(app: AppName): Promise<readonly DrainSummary[]>;
  removeDrain(id: number, actor: Actor): Promise<void>;

  addDomain(target: Target, host: HostName, actor: Actor): Promise<void>;
  removeDomain(target: Target, host: HostName, actor: Actor): Promise<void>;
  domains(target: Target): Promise<readonly HostName[]>;

  /** `bundle`: PEM of the chain and its key. Where several are for one host, the newest is shown. */
  addCertificate(target: Target, bundle: string, actor: Actor): Promise<CertificateSummary>;
  certificates(target: Target): Promise<CertificateReport>;
  /** Of all hosts of the platform. */
  allCertificates(): Promise<readonly HostCertificateSummary[]>;
  removeCertificate(target: Target, id: number, actor: Actor): Promise<void>;
  /** PEM of the authority that signs with `--tls internal`; made at the first host. */
  localAuthority(): Promise<string>;

  /** hold: requests wait, as long as a boot may take and bounded in number; on: they see the maintenance page. */
  maintenance(target: Target, mode: "on" | "hold" | "off", actor: Actor): Promise<void>;

  /** limitBytes null: as much as the disk has. */
  createVolume(target: Target, name: VolumeName, limitBytes: number | null, actor: Actor): Promise<VolumeSummary>;
  volumes(target: Target): Promise<readonly VolumeSummary[]>;
  mountVolume(target: Target, name: VolumeName, path: string, actor: Actor): Promise<Outcome>;
  unmountVolume(target: Target, name: VolumeName, actor: Actor): Promise<Outcome>;
  /** Refused while mounted. */
  destroyVolume(target: Target, name: VolumeName, actor: Actor): Promise<void>;

  /** `from` finds `to` by name and may connect to it, at once. */
  addLink(from: Target, to: Target, actor: Actor): Promise<void>;
  removeLink(from: Target, to: Target, actor: Actor): Promise<void>;
  links(target: Target): Promise<readonly EnvironmentName[]>;

  allowNetwork(target: Target, address: PrivateAddress, actor: Actor): Promise<void>;
  denyNetwork(target: Target, address: PrivateAddress, actor: Actor): Promise<void>;
  allowedNetwork(target: Target): Promise<readonly PrivateAddress[]>;

  cronJobs(target: Target): Promise<readonly CronSummary[]>;
  /** Starts a job now, by its concurrency policy. */
  runCron(target: Target, name: string, actor: Actor): Promise<RunSummary>;
  /** Newest first. job undefined: all runs, null: those of `run --detach`. */
  runs(target: Target, job: string | null | undefined, limit: number): Promise<readonly RunSummary[]>;
  /** The end of what it wrote. */
  runOutput(target: Target, id: number): Promise<string>;

  /** A one-off that nobody is attached to. */
  runDetached(target: Target, command: readonly string[], timeLimitMs: number, actor: Actor): Promise<RunSummary>;
  /** One-off container of the current release. command: argv; one element is run by the shell. Answers the exit code. */
  run(target: Target, command: readonly string[], io: OneOffIo, actor: Actor): Promise<number>;
  /** Releases an image that was built elsewhere; files of the server only for the local socket. */
  deployImage(target: Target, source: ImageSource, actor: Actor): Promise<Outcome>;
  /** For images of an app: the password is kept sealed and never shown. */
  loginRegistry(app: AppName, login: RegistryLogin, actor: Actor): Promise<void>;
  logoutRegistry(app: AppName, host: string, actor: Actor): Promise<void>;
  registries(app: AppName): Promise<readonly Omit<RegistryLogin, "password">[]>;
  /** Writes the current release's image as an OCI layout into a directory of the server; only for the local socket. */
  exportImage(target: Target, directory: string, actor: Actor): Promise<{ readonly digest: string }>;
}
