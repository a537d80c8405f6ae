/** What every connection of one router shares. */
import type { BlockList } from "node:net";
import type { AccessLog } from "./access-log.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Holding } from "./holding.ts";
import type { Limits } from "./limits.ts";
import type { RequestCounts } from "./request-counts.ts";
import type { RouteBook } from "./route-book.ts";
import type { Target } from "./target.ts";
import type { Visits } from "./visits.ts";

export interface RouterContext {
  readonly limits: Limits;
  readonly domain: string;
  /** Where redirects to HTTPS lead. */
  readonly httpsPort: number;
  readonly book: RouteBook;
  readonly holding: Holding;
  readonly visits: Visits;
  readonly counts: RequestCounts;
  readonly deadlines: Deadlines;
  readonly accessLog: AccessLog;
  readonly gitDoor: Target;
  /** Proxies before this router; null: there are none. */
  readonly trustedProxies: BlockList | null;
  readonly random: () => number;
  /** The router is about to end: connections are not kept. */
  readonly isClosing: () => boolean;
  /** Something that must not happen, with the request's id. */
  readonly onDefect: (error: unknown) => void;
}
