/** Links: an environment may find another by name and connect to it. One way, and only where somebody said so. */
import { PushboatError } from "../core/index.ts";
import type { Actor, Control } from "./api.ts";
import type { Deps } from "./deps.ts";
import type { DnsFeed } from "./dns-feed.ts";
import { requireEnvironment } from "./find.ts";

type LinkActions = Pick<Control, "addLink" | "removeLink" | "links">;

export function createLinkActions(deps: Deps, dns: DnsFeed): LinkActions {
  const { store, now } = deps;
  const audit = (actor: Actor, action: string, target: string) => store.access.audit(actor.identity, action, target, now());
  return {
    async addLink(from, to, actor) {
      const [source, target] = [requireEnvironment(deps, from), requireEnvironment(deps, to)];
      if (source.name === target.name)
        throw new PushboatError({
          code: "links/itself",
          message: `${from.name} reaches itself without a link`,
          hint: "By name: web.internal",
        });
      store.links.add(source.name, target.name);
      audit(actor, "links:add", `${from.name} ${to.name}`);
      await dns.link(source.name);
      dns.changed();
    },
    async removeLink(from, to, actor) {
      const environment = requireEnvironment(deps, from);
      if (!store.links.remove(environment.name, to.name)) {
        throw new PushboatError({
          code: "links/unknown",
          message: `${from.name} is not linked to ${to.name}`,
          hint: `See \`links ${from.name}\`.`,
        });
      }
      audit(actor, "links:remove", `${from.name} ${to.name}`);
      await dns.link(environment.name);
      dns.changed();
    },
    async links(target) {
      return store.links.links(requireEnvironment(deps, target).name).map(({ to }) => to);
    },
  };
}
