/** git over HTTP on a unix socket that only the router reaches: three routes, a token in front of everything. */
import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname } from "node:path";
import express, { type ErrorRequestHandler, type Express } from "express";
import type { Logger } from "pino";
import { asPushboatError, type Credentials, PushboatError, type PushHandler, type Repositories } from "../../core/index.ts";
import type { GitServices } from "../git/service.ts";
import { answerError } from "./answers.ts";
import { authenticate } from "./authentication.ts";
import { createFetchHandlers } from "./fetch.ts";
import { createPushHandler } from "./push.ts";

export interface HttpDependencies {
  readonly credentials: Credentials;
  readonly allowPlainTokens: boolean;
  readonly pushes: PushHandler;
  readonly repositories: Repositories;
  readonly services: GitServices;
  readonly log: Logger;
}

export interface HttpServer {
  /** The socket's group may connect: the router. */
  listen(socketPath: string, groupId: number): Promise<void>;
  close(): Promise<void>;
}

function createHttpApp(dependencies: HttpDependencies): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("strict routing");
  app.enable("case sensitive routing");
  const { discover, fetch } = createFetchHandlers(dependencies);
  app.use(authenticate(dependencies));
  app.get("/git/:repository/info/refs", discover);
  app.post("/git/:repository/git-upload-pack", fetch);
  app.post("/git/:repository/git-receive-pack", createPushHandler(dependencies));
  app.use(() => {
    throw NOT_FOUND;
  });
  const onError: ErrorRequestHandler = (thrown, _request, response, _next) => {
    const error = asPushboatError(thrown);
    if (error.kind === "platform") dependencies.log.error({ err: error }, "a git request failed");
    answerError(response, error);
  };
  app.use(onError);
  return app;
}

export function createHttpServer(dependencies: HttpDependencies): HttpServer {
  // A deploy takes as long as it takes: no limit for a request as a whole.
  const server = createServer({ requestTimeout: 0, noDelay: true }, createHttpApp(dependencies));
  server.timeout = 0;
  return {
    listen: async (socketPath, groupId) => {
      const directory = dirname(socketPath);
      await mkdir(directory, { recursive: true, mode: 0o750 });
      await chmod(directory, 0o750);
      await chown(directory, 0, groupId);
      await rm(socketPath, { force: true });
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(socketPath, resolve);
      });
      await chown(socketPath, 0, groupId);
      await chmod(socketPath, 0o660);
    },
    close: async () => {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await ended;
    },
  };
}

const NOT_FOUND = new PushboatError({ code: "http/not-found", message: "There is nothing here", hint: "Repositories are at /git/APP.git" });
