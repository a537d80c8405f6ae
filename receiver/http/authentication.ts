/** In front of every method and path: no request goes on without an identity. */
import type { RequestHandler, Response } from "express";
import { type Credentials, type Identity, PushboatError } from "../../core/index.ts";
import { originOf, tokenOf } from "./credentials.ts";

export interface AuthenticationDependencies {
  readonly credentials: Credentials;
  readonly allowPlainTokens: boolean;
}

export function authenticate({ credentials, allowPlainTokens }: AuthenticationDependencies): RequestHandler {
  return async (request, response, next) => {
    const origin = originOf(request.headers);
    // Before a token is asked for, so that well-behaved clients never send one in clear.
    if (!origin.encrypted && !origin.loopback && !allowPlainTokens) throw PLAIN;
    const token = tokenOf(request.headers.authorization);
    const identity = token === null ? null : await credentials.byToken(token, origin.address);
    if (identity === null) throw token === null ? MISSING : UNKNOWN;
    response.locals["identity"] = identity;
    next();
  };
}

export function identityOf(response: Response): Identity {
  return response.locals["identity"] as Identity;
}

const PLAIN = new PushboatError({
  code: "http/plain-token",
  message: "Tokens are not taken over plain HTTP",
  hint: "Use https, or push over SSH. On a network that you trust the server can allow it: PUSHBOAT_ALLOW_PLAIN_TOKENS=true",
});

const MISSING = new PushboatError({
  code: "http/unauthorized",
  message: "A token is needed",
  hint: "Make one with  tokens:create NAME  and give it as the password, with any user name.",
});

const UNKNOWN = new PushboatError({
  code: "http/unauthorized",
  message: "This token is not known, or it has expired",
  hint: "Make a new one with  tokens:create NAME",
});
