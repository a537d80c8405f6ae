/** A whole platform for a test: `./pushboat up` with a data directory, ports and a key of its own; `stop` proves that nothing is left. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Client, givenClient } from "./client.ts";
import { type CommandOptions, type CommandResult, run } from "./command.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-ports.ts";
import { type HttpAnswer, type HttpRequestOptions, httpRequest } from "./http-client.ts";
import { leftovers } from "./leftovers.ts";
import { type Files, givenWorkingCopy, type WorkingCopy } from "./working-copy.ts";

export const LAUNCHER = join(import.meta.dirname, "../../pushboat");
/** On a disk, not on a tmpfs: layers and builds lie there. */
const TEST_PARENT_DIRECTORY = "/var/tmp";
const DEFAULT_DOMAIN = "localhost";

export interface PlatformOptions {
  /** Further settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "500" }. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Instead of localhost; nothing looks it up. */
  readonly domain?: string;
  /** Free ones, where somebody has to know them before. */
  readonly ports?: { readonly http: number; readonly https: number };
  /** Started by `install --from` this directory instead of `up`. */
  readonly installFrom?: string;
  /** Where the data directory is made, for a filesystem of the test's own. */
  readonly parentDirectory?: string;
}

export type ProcessName = "control" | "router" | "redis" | "dns";

export interface Platform {
  readonly dataDirectory: string;
  readonly platformId: string;
  readonly runDirectory: string;
  readonly domain: string;
  readonly ports: { readonly http: number; readonly https: number; readonly ssh: number };
  /** The user whose key is the administrator's. */
  readonly client: Client;
  /** What `up` printed. */
  readonly upOutput: string;
  /** A command over SSH as the administrator: ssh("config:set blog A=1"). */
  ssh(command: string, options?: CommandOptions & { readonly sshOptions?: readonly string[] }): Promise<CommandResult>;
  /** `./pushboat ARGS --data DIR` on the server. */
  pushboat(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** A repository with the content of a fixture app (or these files), ready to push. `via: "http"` makes a token and pushes with it. */
  givenApp(content: string | Files, options?: { readonly app?: string; readonly via?: "ssh" | "http" }): Promise<WorkingCopy>;
  http(host: string, path?: string, options?: HttpRequestOptions): Promise<HttpAnswer>;
  /** Asks until the answer fits: a text that the body contains, an expression, or a status code. */
  expectHost(host: string): {
    toAnswer(expected: string | RegExp | number, options?: { path?: string; withinMs?: number }): Promise<HttpAnswer>;
  };
  /** Process id as the launcher's loop recorded it. */
  pid(name: ProcessName): number;
  /** `up` again with the same data directory. */
  up(options?: CommandOptions): Promise<CommandResult>;
  /** `down`, then fails when anything of this platform is left on the host; removes the data directory. */
  stop(): Promise<void>;
}

export async function givenPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const directory = mkdtempSync(join(options.parentDirectory ?? TEST_PARENT_DIRECTORY, "pushboat-test-"));
  const dataDirectory = join(directory, "data");
  const client = await givenClient(join(directory, "client"));
  const [ssh, ...free] = (await freePorts(3)) as [number, number, number];
  const { http, https } = options.ports ?? { http: free[0], https: free[1] };
  const domain = options.domain ?? DEFAULT_DOMAIN;
  const platformId = createHash("sha256").update(dataDirectory).digest("hex").slice(0, 8);
  const runDirectory = `/run/pushboat/${platformId}`;

  const pushboat = (argv: readonly string[], commandOptions: CommandOptions = {}) =>
    run([LAUNCHER, ...argv, "--data", dataDirectory], { env: hostEnvironment(options.settings), timeoutMs: 300_000, ...commandOptions });
  const upArgv = ["up", "--detach", "--domain", domain, "--admin-key", client.publicKeyFile];
  const portArgv = ["--http-port", String(http), "--https-port", String(https), "--ssh-port", String(ssh), "--bind", "127.0.0.1"];
  const up = (commandOptions: CommandOptions = {}) => pushboat([...upArgv, ...portArgv], commandOptions);
  const ask = (host: string, path = "/", requestOptions: HttpRequestOptions = {}) => httpRequest(http, host, path, requestOptions);

  const { installFrom } = options;
  const started = await (installFrom === undefined ? up() : pushboat(["install", "--from", installFrom, ...upArgv.slice(2), ...portArgv]));
  if (started.code !== 0) {
    const logs = platformLogs(dataDirectory);
    await pushboat(["down"]);
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`up ended with ${started.code}:\n${started.output}\n${logs}`);
  }

  let apps = 0;
  const platform: Platform = {
    dataDirectory,
    platformId,
    runDirectory,
    domain,
    ports: { http, https, ssh },
    client,
    upOutput: started.output,
    ssh: (command, commandOptions) => client.ssh(ssh, command, commandOptions),
    pushboat,
    http: ask,
    up,
    givenApp: async (content, appOptions = {}) => {
      apps += 1;
      const app = appOptions.app ?? (typeof content === "string" ? content : `app${apps}`);
      const remoteUrl = appOptions.via === "http" ? await httpRemote(platform, app) : `ssh://pushboat@127.0.0.1:${ssh}/${app}`;
      return givenWorkingCopy({ client, app, directory: join(directory, `work-${apps}`), remoteUrl, domain, content });
    },
    expectHost: (host) => ({
      toAnswer: (expected, { path = "/", withinMs = 30_000 } = {}) =>
        eventually(
          `${host}${path} answers ${expected}`,
          async () => {
            const answer = await ask(host, path);
            if (fits(answer, expected)) return answer;
            throw new Error(`${answer.status} ${answer.body.slice(0, 200)}`);
          },
          withinMs,
        ),
    }),
    pid: (name) => Number(readFileSync(join(runDirectory, "processes", name), "utf8").split(" ")[0]),
    stop: async () => {
      const stopped = await pushboat(["down"]);
      const left = await leftovers({ platformId, dataDirectory: directory });
      const logs = stopped.code === 0 && left.length === 0 ? "" : platformLogs(dataDirectory);
      rmSync(directory, { recursive: true, force: true });
      if (stopped.code !== 0) throw new Error(`down ended with ${stopped.code}:\n${stopped.output}\n${logs}`);
      if (left.length > 0) throw new Error(`left on the host after down:\n${left.join("\n")}\n${logs}`);
    },
  };
  return platform;
}

/** What root's shell would have; settings of the test's own shell never reach the platform. */
function hostEnvironment(settings: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("PUSHBOAT_") && !/^(VITEST|NODE_OPTIONS$|REDIS_URL$)/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...settings };
}

async function httpRemote(platform: Platform, app: string): Promise<string> {
  const made = await platform.ssh(`tokens:create ${app} --json`);
  if (made.code !== 0) throw new Error(`tokens:create ended with ${made.code}:\n${made.output}`);
  const { token } = JSON.parse(made.stdout) as { token: string };
  return `http://token:${token}@127.0.0.1:${platform.ports.http}/git/${app}.git`;
}

function fits(answer: HttpAnswer, expected: string | RegExp | number): boolean {
  if (typeof expected === "number") return answer.status === expected;
  if (typeof expected === "string") return answer.status === 200 && answer.body.includes(expected);
  return expected.test(answer.body);
}

/** The last part of each of the platform's own logs, for the message of a failure. */
function platformLogs(dataDirectory: string): string {
  const tail = (name: string): string => {
    try {
      return `--- ${name}.log\n${readFileSync(join(dataDirectory, "logs/platform", `${name}.log`), "utf8").slice(-4000)}`;
    } catch {
      return "";
    }
  };
  return ["supervisor", "control", "router", "redis", "dns"].map(tail).join("\n");
}
