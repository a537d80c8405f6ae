/** POST /git/APP.git/git-receive-pack: ours, because the hook has to know the identity and the deploy streams its output. */
import { text } from "node:stream/consumers";
import type { RequestHandler } from "express";
import { PushboatError } from "../../core/index.ts";
import { requireGitAccess } from "../access.ts";
import { parseRepositoryName } from "../git/request.ts";
import { noSuchApp } from "../ssh/git.ts";
import { answerError, forbidCaching } from "./answers.ts";
import { identityOf } from "./authentication.ts";
import { decodedBody } from "./body.ts";
import type { HttpDependencies } from "./server.ts";

const REQUEST_TYPE = "application/x-git-receive-pack-request";
const RESULT_TYPE = "application/x-git-receive-pack-result";

export function createPushHandler({ repositories, services, log }: HttpDependencies): RequestHandler {
  return async (request, response) => {
    const app = parseRepositoryName(String(request.params["repository"]));
    if (request.headers["content-type"] !== REQUEST_TYPE) throw NOT_A_PUSH;
    requireGitAccess(identityOf(response), app, "receive-pack");
    if (!(await repositories.exists(app))) throw noSuchApp(app);
    const body = decodedBody(request, () => child.disconnect());
    const child = services.start({ service: "receive-pack", app, identity: identityOf(response), mode: "exchange", protocol: null });
    response.once("close", child.disconnect);
    const complaints = text(child.stderr).catch(() => "");

    forbidCaching(response);
    response.setHeader("Content-Type", RESULT_TYPE);
    child.stdout.pipe(response, { end: false });
    await child.feed(body);
    const exitCode = await child.closed;
    if (exitCode !== 0) log.debug({ app, exitCode, stderr: await complaints }, "receive-pack failed");
    if (exitCode !== 0 && !response.headersSent) return answerError(response, failed(await complaints));
    response.end();
  };
}

const NOT_A_PUSH = new PushboatError({ code: "http/content-type", message: "This is not a push", hint: "Push with git." });

function failed(stderr: string): PushboatError {
  return new PushboatError({
    code: "git/failed",
    message: `git could not take the push: ${stderr.trim().slice(0, 500)}`,
    kind: "platform",
  });
}
