/** Where a request goes, from its host, its path and the table alone. */
import { isAdmitted } from "./basic-auth.ts";
import { FAILURES, type Failure } from "./failure.ts";
import { isPlatformHost } from "./host.ts";
import type { BookedRoute } from "./route-book.ts";

export type Destination =
  | { readonly kind: "send"; readonly route: BookedRoute }
  | { readonly kind: "hold"; readonly route: BookedRoute }
  | { readonly kind: "fail"; readonly failure: Failure; readonly route: BookedRoute | null }
  /** Control's git over HTTP. */
  | { readonly kind: "git" }
  | { readonly kind: "welcome" }
  /** To the same path over HTTPS or at another host. */
  | { readonly kind: "moved"; readonly protocol: "http" | "https"; readonly host: string }
  /** A protected environment, and the visitor has not said its password. */
  | { readonly kind: "unauthorized"; readonly route: BookedRoute };

export interface Question {
  readonly host: string;
  readonly path: string;
  readonly route: BookedRoute | undefined;
  /** The Authorization field; null: there is none. */
  readonly authorization: string | null;
  readonly domain: string;
  readonly protocol: "http" | "https";
  /** A table was read: an unknown host is really unknown. */
  readonly ready: boolean;
}

const GIT_PREFIX = "/git/";

export function destinationOf({ host, path, route, authorization, domain, protocol, ready }: Question): Destination {
  if (route !== undefined) {
    // Before the password is asked: it must not cross the network in clear.
    const wanted = { protocol: route.forceHttps ? "https" : protocol, host: route.redirects.get(host) ?? host } as const;
    if (wanted.protocol !== protocol || wanted.host !== host) return { kind: "moved", ...wanted };
    if (route.access !== null && !isAdmitted(route.access, authorization)) return { kind: "unauthorized", route };
    return routed(route);
  }
  if (path.startsWith(GIT_PREFIX)) return { kind: "git" };
  if (!ready) return { kind: "fail", failure: FAILURES.routerStarting, route: null };
  const onFrontPage = path === "/" || path.startsWith("/?");
  if (onFrontPage && isPlatformHost(host, domain)) return { kind: "welcome" };
  return { kind: "fail", failure: FAILURES.unknownHost, route: null };
}

function routed(route: BookedRoute): Destination {
  switch (route.condition) {
    case "up":
      return route.targets.length > 0 ? { kind: "send", route } : { kind: "fail", failure: FAILURES.noWeb, route };
    case "starting":
    case "asleep":
      return { kind: "hold", route };
    case "empty":
      return { kind: "fail", failure: FAILURES.nothingPushed, route };
    case "no-web":
      return { kind: "fail", failure: FAILURES.noWeb, route };
    case "stopped":
      return { kind: "fail", failure: FAILURES.stopped, route };
    case "crashed":
      return { kind: "fail", failure: FAILURES.crashed, route };
    case "maintenance":
      return { kind: "fail", failure: FAILURES.maintenance, route };
  }
}
