/** Whose a domain is: one owner for each name, and nobody gets between another app and its names without a say in that app. */
import { type EnvironmentName, type Identity, missingPermission, PushboatError, parseEnvironmentName } from "../core/index.ts";
import type { Deps } from "./deps.ts";

/** Throws where the name is somebody else's, or below the platform's own domain. */
export function requireFreeDomain({ store, settings }: Pick<Deps, "store" | "settings">, host: string, taker: Taker): void {
  if (host === settings.domain || host.endsWith(`.${settings.domain}`) || covers(host, settings.domain)) {
    throw new PushboatError({
      code: "domains/below-platform",
      message: `${host} ${covers(host, settings.domain) ? "covers" : "is below"} the platform's own domain ${settings.domain}`,
      hint: "Names below it are given to apps and branches by Pushboat alone.",
    });
  }
  const owner = store.apps.hostOwner(host);
  if (owner !== null)
    throw new PushboatError({
      code: "domains/taken",
      message: `${host} belongs to ${owner} already`,
      hint: `domains:remove ${owner} ${host}`,
    });
  for (const other of store.apps.hosts()) {
    if (other.kind !== "domain" || other.environment === taker.environment || !overlap(host, other.host)) continue;
    const missing = missingPermission(taker.identity, "deploy", placeOf({ store }, other.environment));
    if (missing === null) continue;
    throw new PushboatError({
      code: "domains/overlap",
      message: `${host} overlaps ${other.host}, which belongs to ${other.environment}: ${missing}`,
      hint: `Ask somebody who may change ${other.environment} as well: it takes both to divide names between them.`,
    });
  }
}

export interface Taker {
  readonly environment: EnvironmentName;
  readonly identity: Identity;
}

/** A key that is limited to branches has production where its pattern names production's branch. */
function placeOf({ store }: Pick<Deps, "store">, name: EnvironmentName) {
  const { app, branch } = parseEnvironmentName(name);
  const production = store.apps.apps().find((each) => each.name === app)?.productionBranch ?? null;
  return { kind: "environment", app, branch: branch ?? production } as const;
}

function covers(wildcard: string, host: string): boolean {
  return wildcard.startsWith("*.") && host.endsWith(wildcard.slice(1));
}

/** Whether somebody who has one of the names is touched by who gets the other: one is, or is below, what the other stands for or above it. */
export function overlap(one: string, other: string): boolean {
  return one === other || claims(one, other) || claims(other, one);
}

/** The name above a wildcard goes with it: whoever has example.org is surprised to find www.example.org elsewhere. */
function claims(wildcard: string, host: string): boolean {
  if (!wildcard.startsWith("*.")) return false;
  const zone = wildcard.slice(2);
  return host === zone || host.endsWith(`.${zone}`);
}
