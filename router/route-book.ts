/** The table that requests are answered by: host -> route, with targets that live on from one table to the next. */
import type { BlockList } from "node:net";
import type { AcmeChallenge, EnvironmentName, RouteAccess, RouteCondition, RouteTable, RouteTarget } from "../core/index.ts";
import { HostTable } from "./host-table.ts";
import { networkList } from "./networks.ts";
import type { OwnPages } from "./own-pages.ts";
import { StickyTargets } from "./sticky.ts";
import { Target, type TargetOptions } from "./target.ts";

export interface BookedRoute {
  readonly environment: EnvironmentName;
  readonly condition: RouteCondition;
  readonly targets: readonly Target[];
  readonly holdMs: number;
  /** null: open to everybody. */
  readonly access: RouteAccess | null;
  readonly noindex: boolean;
  readonly forceHttps: boolean;
  /** null: the header is not sent. */
  readonly hstsSeconds: number | null;
  /** Infinity: no limit. */
  readonly maxBodyBytes: number;
  readonly maxRequests: number;
  /** null: everybody may come. */
  readonly allowed: BlockList | null;
  /** Host -> the host that its visitors are sent on to. */
  readonly redirects: ReadonlyMap<string, string>;
  /** HTML; null: the router's own. */
  readonly errorPage: string | null;
  readonly maintenancePage: string | null;
  /** null: any instance takes any request. */
  readonly sticky: StickyTargets | null;
}

interface Watch {
  readonly addresses: ReadonlySet<string>;
  readonly onDrained: () => void;
}

/** RFC 8555 8.3. */
const CHALLENGE_PREFIX = "/.well-known/acme-challenge/";

export class RouteBook {
  version: number | null = null;
  #hosts = new HostTable<BookedRoute>();
  #targets: ReadonlyMap<string, Target> = new Map();
  #challenges: readonly AcmeChallenge[] = [];
  /** Out of the table, with requests still in flight. */
  readonly #leaving = new Set<Target>();
  readonly #watches = new Set<Watch>();
  readonly #pages: Pick<OwnPages, "find">;
  readonly #shared: Pick<TargetOptions, "idleLimit" | "readBuffer">;

  constructor(shared: Pick<TargetOptions, "idleLimit" | "readBuffer">, pages: Pick<OwnPages, "find">) {
    this.#shared = shared;
    this.#pages = pages;
  }

  find(host: string): BookedRoute | undefined {
    return this.#hosts.find(host);
  }

  /** What to say to an authority that asks at this path whether the host is ours; null: nothing of that is under way. */
  challengeAnswer(host: string, path: string): string | null {
    if (this.#challenges.length === 0) return null;
    for (const each of this.#challenges) {
      if (each.kind === "http-01" && each.host === host && path === `${CHALLENGE_PREFIX}${each.token}`) return each.answer;
    }
    return null;
  }

  environments(): ReadonlySet<EnvironmentName> {
    return new Set(this.#hosts.all().map((route) => route.environment));
  }

  asleep(): ReadonlySet<EnvironmentName> {
    return new Set(
      this.#hosts
        .all()
        .filter(({ condition }) => condition === "asleep")
        .map(({ environment }) => environment),
    );
  }

  apply(table: RouteTable): void {
    const targets = new Map<string, Target>();
    const hosts = new HostTable<BookedRoute>();
    for (const route of table.routes) {
      const routed = route.targets.map((target) => this.#target(route.environment, target, targets));
      const booked: BookedRoute = {
        environment: route.environment,
        condition: route.condition,
        targets: routed,
        holdMs: route.holdMs,
        access: route.access ?? null,
        noindex: route.noindex === true,
        forceHttps: route.forceHttps === true,
        hstsSeconds: route.hstsSeconds ?? null,
        maxBodyBytes: route.maxBodyBytes ?? Number.POSITIVE_INFINITY,
        maxRequests: route.maxRequests ?? Number.POSITIVE_INFINITY,
        allowed: route.allowedNetworks === undefined ? null : networkList(route.allowedNetworks),
        redirects: new Map(Object.entries(route.redirects ?? {})),
        errorPage: this.#pages.find(route.pages?.error),
        maintenancePage: this.#pages.find(route.pages?.maintenance),
        sticky: route.stickyKey === undefined ? null : new StickyTargets(route.stickyKey, routed),
      };
      for (const host of route.hosts) hosts.set(host, booked);
    }
    const gone = [...this.#targets].filter(([key]) => !targets.has(key)).map(([, target]) => target);
    this.#hosts = hosts;
    this.#challenges = table.challenges ?? [];
    this.#targets = targets;
    this.version = table.version;
    for (const target of gone) {
      target.retire();
      if (target.inFlight > 0) this.#leaving.add(target);
    }
  }

  /** Requests in flight by address, retired instances included; addresses without any are left out. */
  inFlight(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const target of [...this.#targets.values(), ...this.#leaving]) {
      if (target.inFlight > 0) counts[target.address] = (counts[target.address] ?? 0) + target.inFlight;
    }
    return counts;
  }

  /** Calls back once, when none of the addresses has a request in flight; perhaps before it returns. Answers how to give up. */
  watch(addresses: readonly string[], onDrained: () => void): () => void {
    const watch: Watch = { addresses: new Set(addresses), onDrained };
    this.#watches.add(watch);
    this.#settle();
    return () => this.#watches.delete(watch);
  }

  closeIdle(sinceMs: number): void {
    for (const target of this.#targets.values()) target.closeIdle(sinceMs);
  }

  #target(environment: EnvironmentName, target: RouteTarget, made: Map<string, Target>): Target {
    // An address that changed hands is another target: no socket of the old owner may serve the new one.
    const key = `${environment} ${target.instance} ${target.address}`;
    const known = made.get(key) ?? this.#targets.get(key) ?? this.#newTarget(target);
    made.set(key, known);
    return known;
  }

  #newTarget({ instance, address }: RouteTarget): Target {
    const colon = address.lastIndexOf(":");
    const endpoint = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
    return new Target({ ...this.#shared, instance, address, endpoint, onQuiet: (quiet) => this.#onQuiet(quiet) });
  }

  #onQuiet(target: Target): void {
    if (target.retired) this.#leaving.delete(target);
    if (this.#watches.size > 0) this.#settle();
  }

  #settle(): void {
    const counts = this.inFlight();
    for (const watch of this.#watches) {
      if ([...watch.addresses].some((address) => counts[address] !== undefined)) continue;
      this.#watches.delete(watch);
      watch.onDrained();
    }
  }
}
