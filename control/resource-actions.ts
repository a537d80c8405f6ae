/** Domains, maintenance, ways out of the network: what an environment has beside its releases. */
import { type HostName, PushboatError } from "../core/index.ts";
import type { Actor, Control } from "./api.ts";
import type { Deps } from "./deps.ts";
import { requireFreeDomain } from "./domain-claims.ts";
import { requireEnvironment } from "./find.ts";
import type { RouteFeed } from "./route-feed.ts";

type ResourceActions = Pick<
  Control,
  "addDomain" | "removeDomain" | "domains" | "maintenance" | "allowNetwork" | "denyNetwork" | "allowedNetwork"
>;

export function createResourceActions(deps: Deps, routes: RouteFeed): ResourceActions {
  const { store, now } = deps;
  const audit = (actor: Actor, action: string, target: string) => store.access.audit(actor.identity, action, target, now());
  return {
    async addDomain(target, host, actor) {
      const environment = requireEnvironment(deps, target);
      requireFreeDomain(deps, host, { environment: environment.name, identity: actor.identity });
      store.apps.addDomain(environment.name, host, now());
      audit(actor, "domains:add", `${target.name} ${host}`);
      await routes.publishNew();
    },
    async removeDomain(target, host, actor) {
      const environment = requireEnvironment(deps, target);
      if (!store.apps.removeDomain(environment.name, host)) {
        throw new PushboatError({
          code: "domains/unknown",
          message: `${host} is not a domain of ${target.name}`,
          hint: `See \`domains ${target.name}\`.`,
        });
      }
      audit(actor, "domains:remove", `${target.name} ${host}`);
      await routes.publishNew();
    },
    async domains(target) {
      const environment = requireEnvironment(deps, target);
      return store.apps
        .hosts(environment.name)
        .filter(({ kind }) => kind === "domain")
        .map(({ host }) => host as HostName);
    },
    async maintenance(target, mode, actor) {
      store.apps.setMaintenance(requireEnvironment(deps, target).name, mode);
      audit(actor, "maintenance", `${target.name} ${mode}`);
      await routes.publishNew();
    },

    async allowNetwork(target, address, actor) {
      const environment = requireEnvironment(deps, target);
      store.resources.allow(environment.name, address);
      audit(actor, "network:allow", `${target.name} ${address.address}:${address.port}`);
      await deps.runtime.setAllowed(environment.name, environment.slot, store.resources.allowed(environment.name));
    },
    async denyNetwork(target, address, actor) {
      const environment = requireEnvironment(deps, target);
      if (!store.resources.deny(environment.name, address)) {
        throw new PushboatError({
          code: "network/unknown",
          message: `${address.address}:${address.port} is not allowed for ${target.name}`,
          hint: `See \`network ${target.name}\`.`,
        });
      }
      audit(actor, "network:deny", `${target.name} ${address.address}:${address.port}`);
      await deps.runtime.setAllowed(environment.name, environment.slot, store.resources.allowed(environment.name));
    },
    async allowedNetwork(target) {
      return store.resources.allowed(requireEnvironment(deps, target).name);
    },
  };
}
