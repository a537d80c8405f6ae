/** The SSH server: admission, authentication, then sessions with an identity. */
import { createServer, type Socket } from "node:net";
import type { Logger } from "pino";
import type { Connection } from "ssh2";
import { type CommandHandler, type Credentials, type Identity, type PushHandler, quote, type Repositories } from "../../core/index.ts";
import { sendBanner, ssh2 } from "../fenced/ssh2.ts";
import type { GitServices } from "../git/service.ts";
import { type AdmissionLimits, createAdmission, DEFAULT_ADMISSION } from "./admission.ts";
import { createAuthenticator, SSH_USER } from "./authentication.ts";
import { serveSession } from "./session.ts";

export interface SshDependencies {
  readonly hostKey: string;
  readonly credentials: Credentials;
  readonly pushes: PushHandler;
  readonly commands: CommandHandler;
  readonly repositories: Repositories;
  readonly services: GitServices;
  readonly log: Logger;
  readonly limits?: Partial<SshLimits>;
}

export interface SshLimits {
  readonly admission: AdmissionLimits;
  readonly loginGraceMs: number;
}

export interface SshContext extends Omit<SshDependencies, "hostKey" | "credentials" | "limits"> {
  readonly identity: Identity;
}

export interface SshServer {
  /** Answers the port. */
  listen(port: number, address: string): Promise<number>;
  close(): Promise<void>;
}

const LOGIN_GRACE_MS = 30_000;
const KEEP_ALIVE_MS = 15_000;
const MAX_MISSED_KEEP_ALIVES = 4;
/** As sshd's MaxSessions. */
const MAX_SESSIONS = 10;
/** aes128-gcm first: 260 MB/s without a native addon (facts.md). */
const CIPHERS = [
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "chacha20-poly1305@openssh.com",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
] as const;

export function createSshServer(dependencies: SshDependencies): SshServer {
  const { hostKey, log } = dependencies;
  const limits: SshLimits = { admission: DEFAULT_ADMISSION, loginGraceMs: LOGIN_GRACE_MS, ...dependencies.limits };
  const admission = createAdmission(limits.admission);
  const sockets = new Map<string, { readonly socket: Socket; readonly authenticated: () => void }>();

  const ssh = new ssh2.Server({
    hostKeys: [hostKey],
    ident: "Pushboat",
    algorithms: { cipher: [...CIPHERS] },
    keepaliveInterval: KEEP_ALIVE_MS,
    keepaliveCountMax: MAX_MISSED_KEEP_ALIVES,
  });
  ssh.on("connection", (client, info) => {
    const entry = sockets.get(`${info.ip}:${info.port}`);
    serveClient({ client, from: plainAddress(info.ip), authenticated: entry?.authenticated ?? (() => {}), dependencies });
  });

  const listener = createServer({ noDelay: true }, (socket) => {
    socket.on("error", (error) => log.debug({ err: error }, "an SSH socket failed"));
    const place = admission.enter(plainAddress(socket.remoteAddress ?? ""));
    if (place === null) return refuseBusy(socket);
    const key = `${socket.remoteAddress}:${socket.remotePort}`;
    const grace = setTimeout(() => socket.destroy(), limits.loginGraceMs);
    const authenticated = (): void => {
      clearTimeout(grace);
      place.leave();
    };
    sockets.set(key, { socket, authenticated });
    socket.once("close", () => {
      authenticated();
      sockets.delete(key);
    });
    ssh.injectSocket(socket);
  });

  return {
    listen: (port, address) =>
      new Promise((resolve, reject) => {
        listener.once("error", reject);
        listener.listen(port, address, () => {
          const bound = listener.address();
          resolve(typeof bound === "object" && bound !== null ? bound.port : port);
        });
      }),
    close: async () => {
      const ended = new Promise<void>((resolve) => listener.close(() => resolve()));
      for (const { socket } of sockets.values()) socket.destroy();
      await ended;
    },
  };
}

interface ClientParts {
  readonly client: Connection;
  readonly from: string;
  readonly authenticated: () => void;
  readonly dependencies: SshDependencies;
}

function serveClient({ client, from, authenticated, dependencies }: ClientParts): void {
  const { credentials, log } = dependencies;
  const authenticator = createAuthenticator({ credentials, from });
  let identity: Identity | null = null;
  let sessions = 0;
  let told = false;
  client.on("error", (error) => log.debug({ err: error, from }, "an SSH client failed"));
  client.on("authentication", (context) => {
    authenticator.judge(context).then(
      (verdict) => {
        switch (verdict.kind) {
          case "accept":
            identity = verdict.identity;
            endWhenRevoked(client, identity, credentials);
            return context.accept();
          case "sign":
            return context.accept();
          case "wrong-user":
            if (!told) sendBanner(client, `This is Pushboat: log in as ${SSH_USER}@HOST, not as ${quote(context.username)}`);
            told = true;
            return context.reject(["publickey"]);
          case "too-many":
            return client.end();
          case "reject":
            return context.reject(["publickey"]);
        }
      },
      (error) => {
        log.error({ err: error, from }, "a key could not be looked up");
        context.reject(["publickey"]);
      },
    );
  });
  client.on("ready", authenticated);
  client.on("session", (accept, reject) => {
    if (identity === null || sessions >= MAX_SESSIONS) return reject();
    sessions += 1;
    const session = accept();
    session.once("close", () => {
      sessions -= 1;
    });
    serveSession(session, { ...dependencies, identity });
  });
}

/** A removed key loses what it has open too: sessions that follow a log would go on for ever. Its deployments go on (design.md 3). */
function endWhenRevoked(client: Connection, identity: Identity, credentials: Credentials): void {
  const stopListening = credentials.onKeyRevoked((name) => {
    if (name === identity.name) client.end();
  });
  client.once("close", stopListening);
}

/** RFC 4253, 4.2: lines before the version string are shown by clients as they are. */
function refuseBusy(socket: Socket): void {
  socket.end("Pushboat: too many connections that have not logged in; try again in half a minute\r\n");
  socket.resume();
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:/, "");
}
