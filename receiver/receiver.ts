/** The four doors of one platform, opened and closed together. */
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { CommandHandler, Credentials, PushHandler, Repositories, Settings } from "../core/index.ts";
import type { GitUser } from "./git/process.ts";
import { createGitServices } from "./git/service.ts";
import { createGrants } from "./hooks/grants.ts";
import { hookSocketPath, hooksDirectory, installHooks } from "./hooks/install.ts";
import { createHookServer } from "./hooks/server.ts";
import { createHttpServer } from "./http/server.ts";
import { createLocalDoor } from "./local/door.ts";
import { adminSocketPath } from "./local/place.ts";
import { ensureHostKey } from "./ssh/host-key.ts";
import { createSshServer, type SshLimits, type SshServer } from "./ssh/server.ts";

export interface ReceiverDependencies {
  readonly settings: Settings;
  readonly gitUser: GitUser;
  /** Group of the router, which alone reaches http/git.sock. */
  readonly routerGroup: number;
  readonly repositories: Repositories;
  readonly credentials: Credentials;
  readonly pushes: PushHandler;
  readonly commands: CommandHandler;
  readonly log: Logger;
  readonly sshLimits?: Partial<SshLimits>;
}

export interface Receiver {
  /** All doors are open. */
  listen(): Promise<void>;
  /** The SSH port that is listened on; after listen(). */
  sshPort(): number;
  /** Ends every connection and every git child; deploys go on. */
  close(): Promise<void>;
}

export function createReceiver(dependencies: ReceiverDependencies): Receiver {
  const { settings, gitUser, routerGroup, repositories, credentials, pushes, commands, log } = dependencies;
  const { runDirectory, dataDirectory } = settings;
  const grants = createGrants();
  const services = createGitServices({ settings, gitUser, repositories, grants, log });
  const hooks = createHookServer({
    socketPath: hookSocketPath(runDirectory),
    gitUser,
    grants,
    pushes,
    repositoryPath: repositories.path,
    log,
  });
  const http = createHttpServer({ credentials, allowPlainTokens: settings.allowPlainTokens, pushes, repositories, services, log });
  const door = createLocalDoor({ commands, log });
  let ssh: SshServer | null = null;
  let port = settings.sshPort;
  return {
    listen: async () => {
      // Git children walk through both.
      for (const directory of [runDirectory, dataDirectory]) {
        await mkdir(directory, { recursive: true });
        await chmod(directory, 0o711);
      }
      await installHooks(hooksDirectory(dataDirectory));
      await hooks.listen();
      await http.listen(join(runDirectory, "http", "git.sock"), routerGroup);
      await door.listen(adminSocketPath(runDirectory));
      const hostKey = await ensureHostKey(dataDirectory);
      const limits = dependencies.sshLimits ?? {};
      ssh = createSshServer({ hostKey, credentials, pushes, commands, repositories, services, log, limits });
      port = await ssh.listen(settings.sshPort, settings.bind);
    },
    sshPort: () => port,
    close: async () => {
      await Promise.all([ssh?.close(), http.close(), door.close()]);
      await services.close();
      await hooks.close();
    },
  };
}
