/** The hook socket: a hook shows its single-use token, then the daemon judges (pre-receive) or deploys (proc-receive). */
import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import type { Logger } from "pino";
import { type AppName, asPushboatError, PushboatError, type PushHandler, renderError } from "../../core/index.ts";
import { listHeads } from "../git/heads.ts";
import type { GitUser } from "../git/process.ts";
import { openHookConnection } from "./connection.ts";
import type { Grants, HookName } from "./grants.ts";
import { judgePush } from "./pre-receive.ts";
import { receivePush } from "./proc-receive.ts";

export interface HookServer {
  listen(): Promise<void>;
  close(): Promise<void>;
}

export interface HookServerDependencies {
  readonly socketPath: string;
  readonly gitUser: GitUser;
  readonly grants: Grants;
  readonly pushes: PushHandler;
  readonly repositoryPath: (app: AppName) => string;
  readonly log: Logger;
}

export function createHookServer(dependencies: HookServerDependencies): HookServer {
  const { socketPath, gitUser, log } = dependencies;
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serveHook(socket, dependencies).catch((error) => {
      log.error({ err: error }, "a hook failed");
      socket.destroy();
    });
  });
  return {
    listen: async () => {
      const directory = dirname(socketPath);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await chmod(directory, 0o700);
      await chown(directory, gitUser.uid, gitUser.gid);
      await rm(socketPath, { force: true });
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(socketPath, resolve);
      });
      await chmod(socketPath, 0o600);
      await chown(socketPath, gitUser.uid, gitUser.gid);
    },
    close: async () => {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await ended;
    },
  };
}

async function serveHook(socket: Socket, { grants, pushes, repositoryPath, gitUser, log }: HookServerDependencies): Promise<void> {
  const connection = await openHookConnection(socket);
  const { head } = connection;
  const field = (name: string): string => head?.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  const hook = field("hook");
  const grant = isHookName(hook) ? grants.redeem(field("token"), hook) : null;
  if (grant === null) {
    connection.say(renderError(NOT_OURS).join("\n"));
    connection.exit(1);
    return;
  }
  const options = (head ?? []).filter((line) => line.startsWith("option=")).map((line) => line.slice("option=".length));
  const disconnected = AbortSignal.any([grant.disconnected, connection.gone]);
  const push = { app: grant.app, identity: grant.identity, progress: connection.say, disconnected };
  try {
    if (hook === "pre-receive") await judgePush({ connection, push: { ...push, options }, pushes });
    else await receivePush({ connection, push, pushes, heads: () => listHeads(gitUser, repositoryPath(grant.app)) });
  } catch (thrown) {
    const error = asPushboatError(thrown);
    log.error({ err: error, hook, app: grant.app }, "a hook failed");
    connection.say(renderError(error).join("\n"));
    connection.exit(1);
  }
}

const NOT_OURS = new PushboatError({
  code: "push/hook-token",
  message: "This hook does not belong to a push that Pushboat started",
  hint: "Push to Pushboat's own SSH or HTTP address.",
});

function isHookName(text: string): text is HookName {
  return text === "pre-receive" || text === "proc-receive";
}
