/** Discovery and fetch, by the fenced node-git-server. */
import { PassThrough } from "node:stream";
import type { RequestHandler } from "express";
import { type AppName, PushboatError } from "../../core/index.ts";
import { requireGitAccess } from "../access.ts";
import { createFencedGit } from "../fenced/node-git-server.ts";
import { takeFirst } from "../git/peek.ts";
import type { GitServiceName } from "../git/request.ts";
import { parseRepositoryName } from "../git/request.ts";
import { noSuchApp } from "../ssh/git.ts";
import { identityOf } from "./authentication.ts";
import { decodedBody } from "./body.ts";
import type { HttpDependencies } from "./server.ts";

export interface FetchHandlers {
  /** GET /git/APP.git/info/refs?service=... */
  readonly discover: RequestHandler;
  /** POST /git/APP.git/git-upload-pack */
  readonly fetch: RequestHandler;
}

export function createFetchHandlers({ repositories, services, pushes }: HttpDependencies): FetchHandlers {
  const git = createFencedGit((repository) => repositories.path(parseRepositoryName(repository)));
  const mustExist = async (app: AppName): Promise<void> => {
    if (!(await repositories.exists(app))) throw noSuchApp(app);
  };
  return {
    discover: async (request, response) => {
      const app = parseRepositoryName(String(request.params["repository"]));
      const service = requestedService(request.query["service"]);
      const identity = identityOf(response);
      requireGitAccess(identity, app, service);
      if (service === "receive-pack") await pushes.prepareRepository(app, identity);
      await mustExist(app);
      git.handle({
        method: "GET",
        url: `/${app}.git/info/refs?service=git-${service}`,
        body: new PassThrough().end(),
        response,
        start: () => services.start({ service, app, identity, mode: "advertise", protocol: null }),
      });
    },
    fetch: async (request, response) => {
      const app = parseRepositoryName(String(request.params["repository"]));
      const identity = identityOf(response);
      requireGitAccess(identity, app, "upload-pack");
      await mustExist(app);
      const body = decodedBody(request, () => response.destroy());
      const first = await takeFirst(body, (bytes) => bytes.length >= FIRST_LINE_BYTES);
      // The package waits for ever for a first chunk that it can read.
      if (!/^[0-9a-f]{4}want [0-9a-f]{40}/.test(first.toString("latin1"))) throw NOT_A_FETCH;
      const whole = new PassThrough();
      whole.write(first);
      body.pipe(whole);
      git.handle({
        method: "POST",
        url: `/${app}.git/git-upload-pack`,
        body: whole,
        response,
        start: () => services.start({ service: "upload-pack", app, identity, mode: "exchange", protocol: null }),
      });
    },
  };
}

/** `0032want ` and a commit: the shortest first line of a fetch. */
const FIRST_LINE_BYTES = 49;

function requestedService(text: unknown): GitServiceName {
  if (text === "git-upload-pack") return "upload-pack";
  if (text === "git-receive-pack") return "receive-pack";
  throw new PushboatError({
    code: "http/service",
    message: "Only git's smart HTTP protocol is served here",
    hint: "Use git 1.6.6 or newer.",
  });
}

const NOT_A_FETCH = new PushboatError({ code: "git/packet", message: "This is not a fetch request that can be read" });
