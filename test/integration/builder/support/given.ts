/** Words of the builder's tests: a platform's directories, a repository, a build, a mounted image. */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { type BuilderLimits, createBuilder } from "../../../../builder/index.ts";
import {
  type AppName,
  type Builder,
  type BuildRequest,
  type CommitId,
  type DeployEvent,
  type Image,
  type Layer,
  parseAppName,
  parseCommitId,
  parseEnvironmentName,
  parseSettings,
  renderEvent,
  type Sandbox,
  type SandboxSpec,
} from "../../../../core/index.ts";
import { createPlainSandbox } from "./plain-sandbox.ts";

export interface Workshop {
  readonly directory: string;
  readonly builder: Builder;
  /** Steps that ran, by their command. */
  readonly sandbox: Sandbox & { readonly runs: readonly SandboxSpec[] };
  readonly repository: Repository;
  /** Builds HEAD; `previous`: an earlier commit. */
  build(options?: Partial<BuildRequest>): Promise<Built>;
  forecast(): Promise<readonly string[]>;
  remove(): void;
}

export interface Built {
  readonly image: Image;
  readonly commit: CommitId;
  readonly events: readonly DeployEvent[];
  /** As the pusher reads them. */
  readonly lines: readonly string[];
}

const APP: AppName = parseAppName("blog");

/** Root's own user plays the git user. */
export function givenWorkshop(options: { limits?: Partial<BuilderLimits>; sandbox?: Sandbox; now?: () => number } = {}): Workshop {
  const directory = mkdtempSync(join(tmpdir(), "pushboat-builder-"));
  chmodSync(directory, 0o711);
  const settings = parseSettings({
    PUSHBOAT_DATA: join(directory, "data"),
    PUSHBOAT_CACHE: process.env["PUSHBOAT_CACHE"] ?? "/var/cache/pushboat",
  });
  const sandbox = watched(options.sandbox ?? createPlainSandbox());
  const builder = createBuilder({
    settings,
    sandbox,
    gitUser: { uid: 0, gid: 0 },
    log: pino({ level: "silent" }),
    limits: options.limits ?? {},
    now: options.now ?? Date.now,
  });
  const repository = givenRepository(join(directory, "repository"));
  const request = (events: DeployEvent[], options: Partial<BuildRequest>): BuildRequest => ({
    app: APP,
    environment: parseEnvironmentName("blog").name,
    repository: join(repository.directory, ".git"),
    commit: repository.head(),
    previousCommit: null,
    noCache: false,
    onEvent: (event) => events.push(event),
    signal: new AbortController().signal,
    ...options,
  });
  return {
    directory,
    builder,
    sandbox,
    repository,
    async build(options = {}) {
      const events: DeployEvent[] = [];
      const wanted = request(events, options);
      const image = await builder.build(wanted);
      return { image, commit: wanted.commit, events, lines: events.flatMap(renderEvent) };
    },
    forecast: async () => (await builder.forecast(request([], {}))).lines,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function watched(sandbox: Sandbox): Workshop["sandbox"] {
  const runs: SandboxSpec[] = [];
  return {
    runs,
    run(spec) {
      runs.push(spec);
      return sandbox.run(spec);
    },
  };
}

export interface Repository {
  readonly directory: string;
  head(): CommitId;
  git(...args: string[]): string;
  write(files: Readonly<Record<string, string | Buffer>>): void;
  copy(from: string): void;
  commit(message?: string): CommitId;
}

export function givenRepository(directory: string): Repository {
  mkdirSync(directory, { recursive: true });
  const git = (...args: string[]): string =>
    execFileSync(
      "git",
      ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "core.autocrlf=false", "-c", "core.fileMode=true", ...args],
      {
        cwd: directory,
        encoding: "utf8",
        maxBuffer: 1 << 28,
      },
    );
  git("init", "--quiet", "--initial-branch=main");
  const head = (): CommitId => parseCommitId(git("rev-parse", "HEAD").trim());
  return {
    directory,
    git,
    head,
    write(files) {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true });
        writeFileSync(join(directory, path), content);
      }
    },
    copy: (from) => cpSync(from, directory, { recursive: true, verbatimSymlinks: true }),
    commit(message = "change") {
      git("add", "--all", "--force");
      git("commit", "--quiet", "--allow-empty", "--message", message);
      return head();
    },
  };
}

/** Mounts layers read-only through a real overlayfs while the work runs. */
export async function withMounted<T>(layers: readonly Layer[], work: (root: string) => T | Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), "pushboat-mount-"));
  const [root, empty] = [join(scratch, "root"), join(scratch, "empty")];
  mkdirSync(root);
  mkdirSync(empty);
  const lowers = [...layers.flatMap(({ directories }) => directories).reverse(), empty];
  execFileSync("mount", ["-t", "overlay", "overlay", "-o", `ro,lowerdir=${lowers.join(":")}`, root]);
  try {
    return await work(root);
  } finally {
    execFileSync("umount", [root]);
    rmSync(scratch, { recursive: true });
  }
}
