/**
 * node-git-server 1.0.0, which serves discovery and fetch, inside a fence (its nine defects: docs/decisions). It starts git
 * plainly: as our own user, with all of our environment, without a process group. While it is loaded, its `child_process` is
 * replaced by an object that we fill: every git that it starts is one of ours.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { createRequire, registerHooks } from "node:module";
import type { PassThrough } from "node:stream";
import type { Git as GitClass } from "node-git-server";
import type { GitService } from "../git/service.ts";

/** What the package sees of a request: decoded bytes and an address of our making, never the client's own. */
export interface FencedRequest {
  readonly method: "GET" | "POST";
  /** `/blog.git/info/refs?service=git-upload-pack` */
  readonly url: string;
  readonly body: PassThrough;
  readonly response: ServerResponse;
  /** Starts the one git child that answers. */
  readonly start: () => GitService;
}

export interface FencedGit {
  handle(request: FencedRequest): void;
}

const require = createRequire(import.meta.url);

interface Children {
  spawn?: () => EventEmitter;
}

function load(): { readonly Git: typeof GitClass; readonly children: readonly Children[] } {
  const hooks = registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!/\/node-git-server\/dist\/(git|util|service)\.js$/.test(url)) return loaded;
      const source = String(loaded.source).replace(
        'const child_process_1 = require("child_process");',
        "const child_process_1 = exports.children = {};",
      );
      return { ...loaded, source };
    },
  });
  try {
    const { Git } = require("node-git-server") as typeof import("node-git-server");
    const parts = ["util", "service"].map((part) => require(`node-git-server/dist/${part}.js`) as { readonly children: Children });
    return { Git, children: parts.map((part) => part.children) };
  } finally {
    hooks.deregister();
  }
}

const { Git, children } = load();
const current = new AsyncLocalStorage<FencedRequest>();
for (const child of children) child.spawn = spawnForCurrent;

/** `directory`: `blog.git` to the repository's path. */
export function createFencedGit(directory: (repository: string) => string): FencedGit {
  const git = new Git((repository) => directory(repository ?? ""), { autoCreate: false });
  const requests = new WeakMap<object, FencedRequest>();
  // Their errors would be uncaught: an aborted client ended the whole process.
  const accept = (exchange: EventEmitter & { readonly req: object; accept(): void }): void => {
    exchange.on("error", () => {});
    const request = requests.get(exchange.req);
    if (request !== undefined) current.run(request, () => exchange.accept());
  };
  (git as EventEmitter)
    .on("error", () => {})
    .on("info", accept)
    .on("fetch", accept);
  return {
    handle: (request) => {
      const { method, url, body, response } = request;
      const seen = Object.assign(body, { method, url, headers: {} });
      requests.set(seen, request);
      git.handle(seen as never, response);
    },
  };
}

function spawnForCurrent(): EventEmitter {
  const request = current.getStore();
  if (request === undefined) throw new Error("node-git-server started git outside a request");
  const service = request.start();
  const child = Object.assign(new EventEmitter(), { stdin: service.stdin, stdout: service.stdout, stderr: service.stderr });
  service.stderr.resume();
  request.response.once("close", service.disconnect);
  service.closed.then(
    (code) => child.emit("exit", code),
    (error) => child.emit("error", error),
  );
  return child;
}
