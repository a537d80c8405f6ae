/** Images that were built elsewhere: released like any other, without a commit; and the registries that they come from. */
import { type ImageSource, PushboatError, quote } from "../core/index.ts";
import type { Actor, Control } from "./api.ts";
import type { Deps } from "./deps.ts";
import { currentManifest } from "./environment-config.ts";
import { requireApp, requireEnvironment } from "./find.ts";
import type { Operations } from "./operations.ts";
import { perform } from "./release-actions.ts";

type ImageActions = Pick<Control, "deployImage" | "loginRegistry" | "logoutRegistry" | "registries">;

export function createImageActions(deps: Deps, operations: Operations): ImageActions {
  const { store } = deps;
  const audit = (actor: Actor, action: string, target: string) => store.access.audit(actor.identity, action, target, deps.now());
  return {
    async deployImage(target, source, actor) {
      if (source.kind !== "docker") requireLocal(source, actor);
      const environment = requireEnvironment(deps, target);
      const image = await deps.builder.importImage({
        app: target.app,
        environment: environment.name,
        source,
        logins: store.registries.logins(target.app),
        onEvent: actor.onEvent,
        signal: actor.disconnected,
      });
      return await perform({ deps, operations }, target, actor, {
        kind: "image",
        commit: null,
        payload: { image: { digest: image.digest, manifest: currentManifest(deps, environment) } },
        description: `Deploy image ${describeSource(source)}`,
      });
    },
    async loginRegistry(app, login, actor) {
      requireApp(deps, app);
      store.registries.set(app, login);
      audit(actor, "registry:login", `${app} ${login.host} ${login.user}`);
    },
    async logoutRegistry(app, host, actor) {
      requireApp(deps, app);
      if (!store.registries.remove(app, host)) {
        throw new PushboatError({
          code: "registry/unknown",
          message: `${app} is not logged in to ${quote(host)}`,
          hint: `See \`registry ${app}\`.`,
        });
      }
      audit(actor, "registry:logout", `${app} ${host}`);
    },
    async registries(app) {
      requireApp(deps, app);
      return store.registries.logins(app).map(({ host, user }) => ({ host, user }));
    },
  };
}

export function describeSource(source: ImageSource): string {
  if (source.kind === "docker") return source.reference;
  return `${source.kind}:${source.path.slice(source.path.lastIndexOf("/") + 1)}${source.name === null ? "" : `:${source.name}`}`;
}

function requireLocal(source: ImageSource, actor: Actor): void {
  if (actor.identity.via === "local") return;
  throw new PushboatError({
    code: "images/local-only",
    message: `${source.kind}: reads a file of the server, so it is asked for there`,
    hint: "On the server: sudo ./pushboat apps:deploy APP oci-archive:FILE; or from a registry: docker://HOST/NAME:TAG",
  });
}
