/** A receiver in a temp directory with a user at another machine in front of it and test doubles of the seam behind it. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import {
  type AppName,
  type CommandHandler,
  type Credentials,
  type Identity,
  type PushHandler,
  type PushRequest,
  parseAppName,
  parseSettings,
  type RefOutcome,
  type Repositories,
  type Settings,
} from "../../../core/index.ts";
import { createReceiver, createRepositories, type Receiver, type SshLimits } from "../../../receiver/index.ts";
import { findUnixUser } from "../../../unix-user.ts";
import { type Client, givenClient } from "../../support/client.ts";
import { mustRun } from "../../support/command.ts";

export const TOKEN = "pb_0123456789abcdef";

export interface GivenReceiver {
  readonly directory: string;
  readonly settings: Settings;
  readonly client: Client;
  readonly repositories: Repositories;
  /** What control was asked, newest last. */
  readonly pushes: PushRequest[];
  readonly judged: PushRequest[];
  readonly prepared: string[];
  readonly sshPort: number;
  /** `/run/.../http/git.sock` */
  readonly httpSocket: string;
  readonly adminSocket: string;
  remote(app?: string): string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface GivenOptions {
  readonly judge?: PushHandler["judge"];
  /** Default: moves every ref as it was asked. */
  readonly receive?: (push: PushRequest, repositories: Repositories) => Promise<readonly RefOutcome[]>;
  readonly prepare?: (app: AppName, repositories: Repositories, identity: Identity) => Promise<void>;
  readonly commands?: CommandHandler;
  readonly settings?: Partial<Settings>;
  /** With the run directory where a client looks for it; default: in the test's own directory. */
  readonly inRun?: boolean;
  readonly sshLimits?: Partial<SshLimits>;
  /** Default: the client's key and TOKEN. */
  readonly credentials?: Credentials;
}

export async function givenReceiver(options: GivenOptions = {}): Promise<GivenReceiver> {
  const directory = mkdtempSync(join(tmpdir(), "pb-receiver-"));
  chmodSync(directory, 0o711);
  const gitUser = findUnixUser("pushboat-git");
  const client = await givenClient(join(directory, "client"), "alice");
  const settings: Settings = {
    ...parseSettings({ PUSHBOAT_DATA: join(directory, "data"), PUSHBOAT_BIND: "127.0.0.1" }),
    ...(options.inRun === true ? {} : { runDirectory: join(directory, "run") }),
    sshPort: 0,
    ...options.settings,
  };
  const repositories = createRepositories({ settings, gitUser });
  const pushes: PushRequest[] = [];
  const judged: PushRequest[] = [];
  const prepared: string[] = [];
  const handler: PushHandler = {
    prepareRepository: async (app, identity) => {
      prepared.push(app);
      await (options.prepare ?? ((name, all) => all.ensure(name)))(app, repositories, identity);
    },
    judge: (push) => {
      judged.push(push);
      return options.judge?.(push) ?? Promise.resolve(null);
    },
    receive: (push) => {
      pushes.push(push);
      return (options.receive ?? moveRefs)(push, repositories);
    },
  };
  const start = async (): Promise<Receiver> => {
    const receiver = createReceiver({
      settings,
      gitUser,
      routerGroup: findUnixUser("pushboat-router").gid,
      repositories,
      credentials: options.credentials ?? (await credentialsOf(client)),
      pushes: handler,
      commands: options.commands ?? echoCommand,
      log: pino({ level: process.env["RECEIVER_LOG"] ?? "silent" }),
      ...(options.sshLimits === undefined ? {} : { sshLimits: options.sshLimits }),
    });
    await receiver.listen();
    return receiver;
  };
  let receiver = await start();
  return {
    directory,
    settings,
    client,
    repositories,
    pushes,
    judged,
    prepared,
    get sshPort() {
      return receiver.sshPort();
    },
    httpSocket: join(settings.runDirectory, "http", "git.sock"),
    adminSocket: join(settings.runDirectory, "admin", "admin.sock"),
    remote: (app = "blog") => `ssh://pushboat@127.0.0.1:${receiver.sshPort()}/${app}`,
    restart: async () => {
      await receiver.close();
      receiver = await start();
    },
    stop: async () => {
      await receiver.close();
      rmSync(settings.runDirectory, { recursive: true, force: true });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What control does at its commit point. */
export async function moveRefs(push: PushRequest, repositories: Repositories): Promise<readonly RefOutcome[]> {
  for (const { ref, newCommit } of push.updates) {
    const branch = ref.replace("refs/heads/", "") as never;
    if (newCommit === null) await repositories.deleteHead(push.app, branch);
    else await repositories.setHead(push.app, branch, newCommit);
  }
  return push.updates.map(({ ref }) => ({ ref, ok: true }));
}

/** Says what it was asked, so that a test sees what arrived. */
const echoCommand: CommandHandler = async ({ argv, identity, terminal, stdout }) => {
  stdout.write(`${JSON.stringify({ argv, identity, terminal: terminal && { type: terminal.type, ...terminal.size() } })}\n`);
  return 0;
};

async function credentialsOf(client: Client): Promise<Credentials> {
  const { stdout } = await mustRun(["ssh-keygen", "-l", "-f", client.publicKeyFile]);
  const known = stdout.split(" ")[1];
  return {
    byKeyFingerprint: async (fingerprint, from) => (fingerprint === known ? { name: "alice", via: "ssh", role: "admin", from } : null),
    byToken: async (token, from) => (token === TOKEN ? { name: "ci", via: "http", role: "admin", from } : null),
    onKeyRevoked: () => () => undefined,
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export const FROM_LOOPBACK = { "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http" };
export const WITH_TOKEN = { ...FROM_LOOPBACK, authorization: `Basic ${Buffer.from(`git:${TOKEN}`).toString("base64")}` };

/** One request to the git socket, as the router would send it. */
export function ask(
  given: GivenReceiver,
  path: string,
  { method = "GET", headers = WITH_TOKEN, body = "" }: AskOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: given.httpSocket, path, method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString("latin1") }),
      );
      answer.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

export const BLOG = parseAppName("blog");
