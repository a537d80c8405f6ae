/** One git service for one client: receive-pack or upload-pack as a child, its hooks bound to the client's identity. */
import type { Readable, Writable } from "node:stream";
import type { Logger } from "pino";
import type { AppName, Identity, Repositories, Settings } from "../../core/index.ts";
import type { Grants } from "../hooks/grants.ts";
import { hookSocketPath, hooksDirectory } from "../hooks/install.ts";
import { gitEnvironment, serviceConfig } from "./environment.ts";
import { takeFirst } from "./peek.ts";
import { closed, endGroup, type GitUser, spawnGit } from "./process.ts";
import type { GitServiceName } from "./request.ts";
import { createShallowCommits, readShallowPrefix } from "./shallow.ts";
import { createTidier } from "./tidy.ts";

export interface ServiceRequest {
  readonly service: GitServiceName;
  readonly app: AppName;
  readonly identity: Identity;
  /** HTTP: one request and its answer (`exchange`), or the list of refs (`advertise`). SSH: a conversation. */
  readonly mode: "conversation" | "exchange" | "advertise";
  /** The client's GIT_PROTOCOL, or null. */
  readonly protocol: string | null;
}

export interface GitService {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Exit code, after all output was read. */
  readonly closed: Promise<number>;
  /** Pipes the client's bytes to git, once what they declare in front (a shallow clone) is recorded. */
  readonly feed: (input: Readable) => Promise<void>;
  /** The client has gone: git and all that it started end; a deploy goes on. */
  readonly disconnect: () => void;
}

export interface GitServices {
  start(request: ServiceRequest): GitService;
  /** Ends all that run. */
  close(): Promise<void>;
}

export interface GitServicesDependencies {
  readonly settings: Settings;
  readonly gitUser: GitUser;
  readonly repositories: Repositories;
  readonly grants: Grants;
  readonly log: Logger;
}

export function createGitServices({ settings, gitUser, repositories, grants, log }: GitServicesDependencies): GitServices {
  const running = new Set<GitService>();
  const shallow = createShallowCommits({ gitUser, path: repositories.path });
  const tidier = createTidier({ gitUser, path: repositories.path, log });
  const config = serviceConfig(settings, hooksDirectory(settings.dataDirectory));
  const start = (request: ServiceRequest): GitService => {
    const disconnected = new AbortController();
    const grant = grants.issue({ app: request.app, identity: request.identity, disconnected: disconnected.signal });
    const child = spawnGit({
      gitUser,
      args: serviceArguments(request, repositories.path(request.app)),
      env: {
        ...gitEnvironment(config),
        ...(isProtocol(request.protocol) ? { GIT_PROTOCOL: request.protocol } : {}),
        PUSHBOAT_HOOK_SOCKET: hookSocketPath(settings.runDirectory),
        PUSHBOAT_HOOK_TOKEN: grant.token,
      },
    });
    const atEnd: (() => Promise<void>)[] = [grant.revoke];
    const service: GitService = {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      closed: closed(child).finally(async () => {
        running.delete(service);
        for (const step of atEnd) await step();
        if (request.service === "receive-pack" && request.mode !== "advertise") tidier.consider(request.app);
      }),
      feed: async (input) => {
        if (request.service === "receive-pack") {
          const bytes = await takeFirst(input, (first) => readShallowPrefix(first) !== null);
          const { commits, length } = readShallowPrefix(bytes) ?? NOTHING_DECLARED;
          if (commits.length > 0) atEnd.push(await shallow.declare(request.app, commits));
          child.stdin.write(bytes.subarray(length));
        }
        input.pipe(child.stdin);
      },
      disconnect: () => {
        disconnected.abort(new Error("the client has gone"));
        endGroup(child);
        // Nobody reads any more, and what is unread would keep the child from being seen as closed.
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      },
    };
    running.add(service);
    return service;
  };
  return {
    start,
    close: async () => {
      tidier.close();
      const all = [...running];
      for (const service of all) service.disconnect();
      await Promise.allSettled(all.map((service) => service.closed));
    },
  };
}

export function serviceArguments({ service, mode }: Pick<ServiceRequest, "service" | "mode">, repository: string): readonly string[] {
  const how = { conversation: [], exchange: ["--stateless-rpc"], advertise: ["--stateless-rpc", "--advertise-refs"] }[mode];
  // upload-pack looks for path/.git and the like unless it is told not to.
  return [service, ...(service === "upload-pack" ? ["--strict"] : []), ...how, repository];
}

/** `version=2`; a list of such words. Anything else does not reach the child. */
export function isProtocol(text: string | null): text is string {
  return text !== null && /^[a-z0-9=:._-]{1,100}$/.test(text);
}

const NOTHING_DECLARED = { commits: [], length: 0 };
