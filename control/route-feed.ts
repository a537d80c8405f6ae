/** Keeps the routers' table true: rebuilt from the store and the runtime at each commit and each change of an instance. */
import { createHash } from "node:crypto";
import {
  type EnvironmentName,
  type HostCertificate,
  type HostName,
  type Route,
  type RouteCondition,
  type RoutePages,
  routeTarget,
  stoppedIndexes,
  WEB,
} from "../core/index.ts";
import type { HostCertificateSummary } from "./api.ts";
import { type AppSettings, readSettings } from "./app-settings.ts";
import type { Deps } from "./deps.ts";
import { createPageBook, type PageBook } from "./own-pages.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { createAcmeOrders } from "./tls/acme-orders.ts";
import { type HostFacts, subjectOf } from "./tls/acme-subject.ts";
import { type CertificateBook, createCertificateBook } from "./tls/certificate-book.ts";
import { summaryOf } from "./tls/host-certificates.ts";
import { quantityOf } from "./workload.ts";

export interface RouteFeed {
  /** Resolves when every living router acknowledged a table at least as new as the store's route version. */
  publish(): Promise<void>;
  /** The store changed outside a deployment (domains, maintenance, a new app): a new version, acknowledged. */
  publishNew(): Promise<void>;
  /** An instance changed: a new version, sent soon; changes that come together go together. */
  changed(): void;
  /** As the routers are to answer now. */
  current(): readonly Route[];
  /** What each host shows over HTTPS. */
  certificates(): readonly HostCertificateSummary[];
  close(): void;
}

/** After a change that could not be written: a full disk is waited for. */
const PUBLISH_AGAIN_MS = 1_000;

export function createRouteFeed(deps: Pick<Deps, "settings" | "store" | "runtime" | "router" | "log" | "now">): RouteFeed {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let pending = false;
  let closed = false;
  const certificates: CertificateBook = createCertificateBook(deps);
  let shown: readonly HostCertificate[] | null = null;
  const publishNew = (): Promise<void> => {
    deps.store.releases.nextRouteVersion();
    return publish();
  };
  const pageBook = createPageBook(deps);
  /** null: nothing yet; files of a control before this one may lie there. */
  let shownPages: string | null = null;
  const acme =
    deps.settings.tls === "acme"
      ? createAcmeOrders(deps, { publish: publishNew, onUnavailable: (host) => deps.router.certificateUnavailable(host) })
      : null;
  deps.router.onCertificateWanted((host) => (acme === null ? deps.router.certificateUnavailable(host) : acme.want(host)));

  const send = async (): Promise<void> => {
    const version = deps.store.releases.routeVersion();
    const routes = buildRoutes(deps, pageBook);
    const hosts = routes.flatMap((route) => route.hosts);
    await showCertificates(hosts);
    await showPages();
    await deps.router.publish({ version, routes, ...(acme === null ? {} : { challenges: acme.challenges() }) });
    acme?.consider(orderable(routes));
  };
  const showCertificates = async (hosts: readonly HostName[]): Promise<void> => {
    const all = certificates.of(hosts);
    if (all === shown) return;
    await deps.router.setCertificates(all);
    shown = all;
  };
  const factsOf = (host: HostName, environment: EnvironmentName): HostFacts => ({
    host,
    kind: host.endsWith(`.${deps.settings.domain}`) ? "label" : "domain",
    isBranch: environment.includes("@"),
  });
  const orderable = (routes: readonly Route[]): readonly HostFacts[] =>
    routes.flatMap(({ hosts, environment }) =>
      hosts.filter((host) => certificates.shown(host)?.source !== "own").map((host) => factsOf(host, environment)),
    );
  const showPages = async (): Promise<void> => {
    const all = pageBook.contents();
    const names = [...all.keys()].toSorted().join(" ");
    if (names === shownPages) return;
    await deps.router.setPages(all);
    shownPages = names;
  };
  const publish = (): Promise<void> => {
    if (running === null) {
      running = send().finally(() => {
        running = null;
      });
      return running;
    }
    // A send is under way and may hold an older table: one more after it serves all who wait.
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return publish();
      });
    return next;
  };
  const changed = (): void => {
    if (pending || closed) return;
    pending = true;
    queueMicrotask(() => {
      pending = false;
      if (closed) return;
      try {
        deps.store.releases.nextRouteVersion();
      } catch (error) {
        // A full disk, say. Nobody called: an error thrown here would end control.
        deps.log.error({ err: error }, "a changed instance cannot be published yet, trying again");
        setTimeout(changed, PUBLISH_AGAIN_MS).unref();
        return;
      }
      publish().catch((error) => deps.log.error({ err: error }, "publishing routes failed"));
    });
  };
  return {
    publish,
    publishNew,
    changed,
    current: () => buildRoutes(deps, pageBook),
    certificates() {
      const records = new Map(deps.store.acme.all().map((record) => [record.name, record]));
      return buildRoutes(deps, pageBook).flatMap(({ environment, hosts }) =>
        hosts.map((host) => {
          const subject = acme === null ? null : subjectOf(factsOf(host, environment), deps.settings);
          const record = subject === null ? null : (records.get(subject.name) ?? null);
          return summaryOf({ host, environment, shown: certificates.shown(host), record });
        }),
      );
    },
    close() {
      acme?.close();
      closed = true;
    },
  };
}

function buildRoutes(deps: Pick<Deps, "settings" | "store" | "runtime">, pageBook: PageBook): readonly Route[] {
  const hosts = new Map<string, HostName[]>();
  for (const { host, kind, environment } of deps.store.apps.hosts()) {
    const name = (kind === "label" ? `${host}.${deps.settings.domain}` : host) as HostName;
    hosts.set(environment, [...(hosts.get(environment) ?? []), name]);
  }
  const living = deps.store.apps.environments().filter(({ ending }) => !ending);
  const settings = new Map(deps.store.apps.apps().map(({ name }) => [name, readSettings(deps.store.apps.settings(name))]));
  return living.map((environment) => ({
    ...buildRoute(deps, environment, hosts.get(environment.name) ?? []),
    ...pageOptions(pageBook.of(environment)),
    ...redirectOptions(hosts.get(environment.name) ?? [], settings.get(environment.app)),
    ...secureOptions(settings.get(environment.app)),
    ...limitOptions(settings.get(environment.app)),
    ...(settings.get(environment.app)?.sticky === true ? { stickyKey: deps.store.derivedKey(`sticky ${environment.name}`) } : {}),
  }));
}

function secureOptions(settings: AppSettings | undefined): Pick<Route, "forceHttps" | "hstsSeconds"> {
  return {
    ...(settings?.forceHttps === true ? { forceHttps: true } : {}),
    ...(settings === undefined || settings.hstsMs === null ? {} : { hstsSeconds: Math.round(settings.hstsMs / 1000) }),
  };
}

/** A host's other form has to be among the environment's own: nobody is sent to where somebody else, or nobody, answers. */
function redirectOptions(hosts: readonly HostName[], settings: AppSettings | undefined): Pick<Route, "redirects"> {
  const wanted = settings?.wwwRedirect ?? null;
  if (wanted === null) return {};
  const pairs = hosts.filter((host) => hosts.includes(`www.${host}` as HostName)).map((apex) => [apex, `www.${apex}` as HostName] as const);
  if (pairs.length === 0) return {};
  return { redirects: Object.fromEntries(pairs.map(([apex, www]) => (wanted === "apex" ? [www, apex] : [apex, www]))) };
}

function pageOptions(pages: RoutePages | undefined): Pick<Route, "pages"> {
  return pages === undefined ? {} : { pages };
}

function limitOptions(settings: AppSettings | undefined): Pick<Route, "maxBodyBytes" | "maxRequests" | "allowedNetworks"> {
  const { maxBodyBytes = null, maxRequests = null, allowedNetworks = null } = settings ?? {};
  return {
    ...(maxBodyBytes === null ? {} : { maxBodyBytes }),
    ...(maxRequests === null ? {} : { maxRequests }),
    ...(allowedNetworks === null ? {} : { allowedNetworks }),
  };
}

function buildRoute(deps: Pick<Deps, "settings" | "store" | "runtime">, environment: EnvironmentRecord, hosts: readonly HostName[]): Route {
  const web = deps.runtime
    .instances(environment.name)
    .filter((instance) => instance.type === WEB && instance.revision === environment.revision);
  const targets = deps.runtime
    .healthy(environment.name)
    .filter(({ type }) => type === WEB)
    .map(routeTarget);
  const quantity = quantityOf(WEB, deps.store.releases.formation(environment.name));
  const condition = routeCondition({
    environment,
    targets: targets.length,
    quantity,
    stopped: quantity > 0 && stoppedIndexes(deps.store.releases.stops(environment.name), WEB, quantity).length === quantity,
    allCrashed: web.length > 0 && web.every((instance) => instance.state === "crashed"),
  });
  const password = environment.branch === null ? null : deps.store.apps.password(environment.name);
  return {
    environment: environment.name,
    hosts,
    condition,
    targets,
    holdMs: deps.settings.bootTimeoutMs,
    ...(password === null
      ? {}
      : { access: { user: environment.app, passwordSha256: createHash("sha256").update(password).digest("hex") } }),
    ...(environment.branch === null ? {} : { noindex: true }),
  };
}

interface RouteFacts {
  readonly environment: Pick<EnvironmentRecord, "currentRelease" | "maintenance" | "holding" | "asleep">;
  readonly targets: number;
  readonly quantity: number;
  /** All of web, by its owner. */
  readonly stopped: boolean;
  readonly allCrashed: boolean;
}

/** What a host answers. An environment whose instances are on their way (boot, restart) holds its requests. */
export function routeCondition({ environment, targets, quantity, stopped, allCrashed }: RouteFacts): RouteCondition {
  if (environment.maintenance && !(environment.holding && environment.currentRelease !== null)) return "maintenance";
  if (environment.holding) return "starting";
  if (environment.currentRelease === null) return "empty";
  if (stopped) return "stopped";
  if (environment.asleep) return "asleep";
  if (targets > 0) return "up";
  if (quantity === 0) return "no-web";
  return allCrashed ? "crashed" : "starting";
}
