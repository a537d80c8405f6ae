/** The route table: host name -> the instances that answer for it, and the router's face towards control. */
import type { EnvironmentName, HostName } from "./names.ts";
import type { HealthyInstance } from "./workload.ts";

/** What a host answers when there is no instance to send to. */
export type RouteCondition =
  | "up"
  /** H81: nothing pushed yet. */
  | "empty"
  /** H14: web is scaled to 0 or the app has none. */
  | "no-web"
  /** H82: ps:stop stopped web. */
  | "stopped"
  /** H10: every web instance crashed. */
  | "crashed"
  /** Requests wait for up to holdMs, then H20. */
  | "starting"
  /** H80. */
  | "maintenance"
  /** Stopped or frozen for want of visitors: a request waits as in `starting`, and control is asked to wake it. */
  | "asleep";

export interface RouteTarget {
  /** `web.1` */
  readonly instance: string;
  /** `198.18.0.9:5000` */
  readonly address: string;
}

export interface Route {
  readonly environment: EnvironmentName;
  readonly hosts: readonly HostName[];
  readonly condition: RouteCondition;
  readonly targets: readonly RouteTarget[];
  readonly holdMs: number;
  /** Basic auth of a protected environment, asked before anything else; a refused request never wakes it. */
  readonly access?: RouteAccess;
  /** Plain HTTP is sent on to HTTPS (301, 308). */
  readonly forceHttps?: boolean;
  /** Over HTTPS, answers carry `Strict-Transport-Security` with so many seconds. */
  readonly hstsSeconds?: number;
  /** Longer request bodies are refused (413). */
  readonly maxBodyBytes?: number;
  /** Requests (and upgraded connections) at once; more are refused (H11). */
  readonly maxRequests?: number;
  /** Addresses and networks (CIDR) that may come; everybody else gets 403, and wakes nothing. */
  readonly allowedNetworks?: readonly string[];
  /** Host -> the one that its visitors are sent on to (301, 308): www.example.org -> example.org. */
  readonly redirects?: Readonly<Record<string, HostName>>;
  /** Shown instead of the router's own. */
  readonly pages?: RoutePages;
  /** Visitors come back to the same instance, by a cookie that is made with this key (hex). */
  readonly stickyKey?: string;
  /** Answers carry `X-Robots-Tag: noindex` (branch environments). */
  readonly noindex?: boolean;
}

/** SHA-256 of the HTML, hex: it is handed over by setPages. */
export interface RoutePages {
  readonly error?: string;
  readonly maintenance?: string;
}

export interface RouteAccess {
  readonly user: string;
  /** SHA-256 of the password, hex. The password is generated, 96 bits: a slow hash would protect nothing. */
  readonly passwordSha256: string;
}

/** What the router shows for host names; PEM. Only ever in memory and on tmpfs in clear. */
export interface HostCertificate {
  readonly hosts: readonly HostName[];
  /** The leaf first, then what leads to a root. */
  readonly certificate: string;
  readonly key: string;
}

/** A full table; written as a snapshot file (fsync, rename), then announced. Versions only grow. */
export interface RouteTable {
  readonly version: number;
  readonly routes: readonly Route[];
  /** Answers to an authority that asks whether a host is ours. */
  readonly challenges?: readonly AcmeChallenge[];
}

export type AcmeChallenge =
  /** RFC 8555 8.3: a path of the host at port 80. */
  | { readonly kind: "http-01"; readonly host: HostName; readonly token: string; readonly answer: string }
  /** RFC 8737: a certificate that only a client who speaks acme-tls/1 sees; PEM, and worth nothing to anybody else. */
  | { readonly kind: "tls-alpn-01"; readonly host: HostName; readonly certificate: string; readonly key: string };

/** The only way from an instance to a target: nothing unhealthy can be routed to. */
export function routeTarget(instance: HealthyInstance): RouteTarget {
  if (instance.address === null) throw new Error(`${instance.type}.${instance.index} has no address`);
  return { instance: `${instance.type}.${instance.index}`, address: `${instance.address.ip}:${instance.address.port}` };
}

/** What a router says of itself. */
export interface RouterReport {
  readonly pid: number;
  readonly uptimeMs: number;
  /** It accepts connections of clients. */
  readonly listening: boolean;
  /** Of the table that it answers by; null: none yet. */
  readonly version: number | null;
  /** Clients' connections, idle ones too. */
  readonly connections: number;
  /** Answered since it started. */
  readonly requests: number;
  /** Requests being answered; environments without any are left out. */
  readonly inFlight: Readonly<Record<EnvironmentName, number>>;
}

export interface RouterControl {
  /** Writes the snapshot and resolves when every living router acknowledged this version. A router that is down reads the snapshot when it starts. */
  publish(table: RouteTable): Promise<void>;
  /** Shown from the next publish on. */
  setCertificates(certificates: readonly HostCertificate[]): Promise<void>;
  /** HTML by its SHA-256 (hex): all that routes of the next publish name. */
  setPages(pages: ReadonlyMap<string, string>): Promise<void>;
  /** Resolves with true when no router has a request in flight to any of the addresses (none of them in the table any more); false after timeoutMs. Upgraded connections count. */
  drained(addresses: readonly string[], timeoutMs: number): Promise<boolean>;
  /** A request waits for an environment that is asleep. Told once for each sleep, and again to a control that comes back. */
  onWake(listener: (environment: EnvironmentName) => void): void;
  /** A client waits in its handshake for a host of the table that has no certificate. Told once while it waits, and again to a control that comes back. */
  onCertificateWanted(listener: (host: HostName) => void): void;
  /** There will be none soon: whoever waits for it is let go. */
  certificateUnavailable(host: HostName): void;
  /** Milliseconds since the last request of each environment (0: one is in flight); those without any since the router started are left out. Null: no router is reachable. */
  idleTimes(): Promise<Readonly<Record<EnvironmentName, number>> | null>;
  /** Version that the routers answer with now; null where none is reachable. */
  version(): Promise<number | null>;
  /** Null: no router is reachable. */
  report(): Promise<RouterReport | null>;
  /** Another router takes over the listeners, this one ends when its requests are done; answers the new one. Two at the same time are one. */
  restart(): Promise<RouterReport>;
  close(): Promise<void>;
}
